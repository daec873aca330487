import { join } from 'node:path';
import { importers } from '../../collect/import/table.ts';
import { plural } from '../../base/text.ts';
import type { Coverage } from '../../contract/collection.ts';
import type { ParsedInput } from '../../contract/contract.ts';
import type { Handlers } from '../../contract/dispatch.ts';
import { IronliftError } from '../../base/errors.ts';
import type { EngagementFile, ServerSummary } from '../../store/engagement.ts';
import { parseTarget, type SshAccess } from '../collection/ssh.ts';
import type { Session } from '../session.ts';

/** Servers whose coverage is told at once; a strip each is as much as anybody reads. */
const COVERAGE_AT_ONCE = 500;

type CollectionMethods = Extract<keyof Handlers, `collections.${string}` | `collect.${string}`>;

export function collectionHandlers(session: Session): Pick<Handlers, CollectionMethods> {
  const TITLES = new Map<string, string>([
    ...importers.map(({ id, name }) => [id, name] as const),
    ['ssh', 'Servers over SSH'],
    ['local', 'This computer'],
    ['sample', 'Invented for the sample'],
  ]);
  const openPath = (): string => {
    const path = session.engagementPath();
    // Throws the sentence for it.
    if (path === null) return session.engagement().path;
    return path;
  };
  const accessOf = ({ targets, login, trust }: ParsedInput<'collect.testSsh'>): SshAccess => {
    for (const target of targets) parseTarget(target.trim(), login.user);
    if (!login.agent && login.key === null && login.password === null)
      throw new IronliftError('USAGE', 'There is no way to log in yet.', {
        next: 'Choose the agent of this computer, a private key, or a password.',
      });
    return {
      targets: [...new Set(targets.map((target) => target.trim()))],
      login: { ...login, key: login.key === null ? null : session.files.pathOf(login.key, 'ssh-key') },
      trust,
      knownHosts: join(session.shell.dataFolder, 'known_hosts'),
    };
  };
  for (const kind of ['import', 'collect-local', 'collect-ssh'] as const)
    session.jobs.whenDone(kind, () =>
      session.changed('servers', 'collections', 'assessment', 'plan', 'waves'),
    );

  return {
    'collections.list': () => ({
      collections: session
        .engagement()
        .collections()
        .map(({ id, collector, source, startedAt, finishedAt, counts }) => ({
          ...{ id, collector, source, startedAt, finishedAt },
          title: TITLES.get(collector) ?? collector,
          servers: counts.servers,
          inventories: counts.inventories,
          samples: counts.samples,
          repeated: counts.repeated,
          problems: counts.problems,
        }))
        .sort((a, b) => b.startedAt - a.startedAt || b.id - a.id),
    }),
    'collections.problems': ({ collection }) => ({
      problems: session
        .engagement()
        .problems(collection)
        .map(({ at, unit, message, excerpt }) => ({ at, unit, message, excerpt: excerpt ?? null })),
    }),
    'collections.coverage': ({ servers }) => {
      const engagement = session.engagement();
      const wanted = servers === null ? null : new Set(servers);
      const all = engagement.servers().filter(({ id }) => wanted === null || wanted.has(id));
      return {
        servers: all.slice(0, COVERAGE_AT_ONCE).map((server) => coverageOf(engagement, server)),
        more: all.length > COVERAGE_AT_ONCE,
      };
    },
    'collect.formats': () => ({ formats: importers.map(({ id, name }) => ({ id, name })) }),
    'collect.import': ({ files, serverName, utcOffsetMinutes }) => {
      const paths = files.map((file) => session.files.pathOf(file, 'import'));
      const { id } = session.jobs.start({
        kind: 'import',
        title: `Import ${plural(paths.length, 'file or folder', 'files and folders')}`,
        task: 'import',
        input: { engagement: openPath(), paths, serverName, utcOffsetMinutes },
        writes: 'engagement',
      });
      session.log('Started an import', { files: paths.length });
      return { job: id };
    },
    'collect.lookAtPasted': ({ text }, { signal }) => session.jobs.ask('look-at-pasted', { text }, signal),
    'collect.importPasted': ({ text, fields }) => {
      const { id } = session.jobs.start({
        kind: 'import',
        title: 'Import the pasted list',
        task: 'import-pasted',
        input: { engagement: openPath(), text, fields },
        writes: 'engagement',
        // What a customer's table says is not left in the list of jobs.
        holdsSecrets: true,
      });
      session.log('Started an import of a pasted list');
      return { job: id };
    },
    'collect.local': ({ measure }) => {
      const { id } = session.jobs.start({
        kind: 'collect-local',
        title: 'Collect from this computer',
        task: 'collect-local',
        input: { engagement: openPath(), measure },
        writes: 'engagement',
      });
      return { job: id };
    },
    'collect.testSsh': (input, { signal }) =>
      session.jobs.ask('test-ssh', { access: accessOf(input) }, signal),
    'collect.ssh': ({ measure, ...input }) => {
      const access = accessOf(input);
      const { id } = session.jobs.start({
        kind: 'collect-ssh',
        title: `Collect from ${plural(access.targets.length, 'server')} over SSH`,
        task: 'collect-ssh',
        input: { engagement: openPath(), access, measure },
        writes: 'engagement',
        holdsSecrets: true,
      });
      session.log('Started a collection over SSH', { servers: access.targets.length });
      return { job: id };
    },
  };
}

/** By the processor's series, or whichever is the longest where that was not measured. */
function coverageOf(engagement: EngagementFile, server: ServerSummary): Coverage {
  const { id, identity, firstSample, lastSample } = server;
  const rollups = firstSample === null ? [] : engagement.rollups(id);
  const main =
    rollups.find(({ metric }) => metric === 'cpu.busy') ??
    rollups.reduce<(typeof rollups)[number] | undefined>(
      (best, one) => (best === undefined || one.slots > best.slots ? one : best),
      undefined,
    );
  return {
    server: id,
    name: identity.name,
    first: main?.first ?? firstSample,
    last: main?.last ?? lastSample,
    part: main?.coverage ?? null,
    gaps: main?.gaps ?? [],
    hasInventory: engagement.inventory(id) !== null,
  };
}
