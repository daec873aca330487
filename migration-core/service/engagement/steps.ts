/** How far an engagement is, for the rail: from what the file says of itself, nothing is computed for it. */
import { plural } from '../../base/text.ts';
import type { Engagement, Step } from '../../contract/engagement.ts';
import type { Job } from '../../contract/jobs.ts';
import type { CollectionRecord, EngagementFile, ServerSummary } from '../../store/engagement.ts';
import type { DocumentInfo } from '../../store/planning.ts';

type StepState = Engagement['steps'][number];
type Told = Omit<StepState, 'step'>;

const notStarted = (text: string): Told => ({ state: 'not-started', count: 0, text });
const attention = (count: number, text: string): Told => ({ state: 'attention', count, text });
const ok = (text: string): Told => ({ state: 'ok', count: 0, text });

export interface Facts {
  servers: readonly ServerSummary[];
  collections: readonly CollectionRecord[];
  assessments: readonly DocumentInfo[];
  plans: readonly DocumentInfo[];
  waves: readonly DocumentInfo[];
  reports: readonly DocumentInfo[];
  conversions: readonly DocumentInfo[];
  jobs: readonly Job[];
  scenario: string;
}

export function factsOf(engagement: EngagementFile, jobs: readonly Job[], scenario: string): Facts {
  return {
    servers: engagement.servers(),
    collections: engagement.collections(),
    assessments: engagement.documents('assessment'),
    plans: engagement.documents('plan'),
    waves: engagement.documents('waves'),
    reports: engagement.documents('report-history'),
    conversions: engagement.documents('conversion'),
    jobs,
    scenario,
  };
}

export function stepStates(facts: Facts): StepState[] {
  const newest = newestData(facts.collections);
  const computed = (documents: readonly DocumentInfo[], nothing: string, done: string): Told => {
    const one = documents.find(({ name }) => name === facts.scenario);
    if (one === undefined) return notStarted(nothing);
    if (newest !== null && newest > one.changedAt) return attention(1, 'Data came in since it was computed');
    return ok(done);
  };
  const told: Record<Step, Told> = {
    sources: sources(facts),
    inventory: inventory(facts.servers),
    candidates: computed(facts.assessments, 'Not assessed yet', 'Assessed'),
    plan: computed(facts.plans, 'Not planned yet', 'Planned'),
    waves: computed(facts.waves, 'No waves yet', 'Waves are planned'),
    convert: conversions(facts),
    reports:
      facts.reports.length === 0 ? notStarted('No report yet') : ok(plural(facts.reports.length, 'report')),
  };
  return Object.entries(told).map(([step, state]) => ({ step: step as Step, ...state }));
}

/** When data last came in, milliseconds since 1970. */
const newestData = (collections: readonly CollectionRecord[]): number | null =>
  collections.reduce<number | null>(
    (newest, { finishedAt, startedAt }) => Math.max(newest ?? 0, finishedAt ?? startedAt),
    null,
  );

function sources({ collections, servers, jobs }: Facts): Told {
  if (collections.length === 0) return notStarted('Nothing was collected yet');
  const isCollecting = jobs.some(
    ({ kind, state }) => ['import', 'collect-local', 'collect-ssh'].includes(kind) && state === 'running',
  );
  const broken = collections.filter(({ finishedAt }) => finishedAt === null).length;
  if (broken > 0 && !isCollecting)
    return attention(broken, `${plural(broken, 'collection was', 'collections were')} interrupted`);
  const unmeasured = servers.filter(({ firstSample }) => firstSample === null).length;
  if (unmeasured > 0)
    return attention(unmeasured, `${plural(unmeasured, 'server has', 'servers have')} no measurements`);
  return ok(plural(collections.length, 'source'));
}

/** What a server cannot be sized without. */
const lacksFacts = ({ cores, memoryBytes, diskBytes, operatingSystem }: ServerSummary): boolean =>
  cores === null || memoryBytes === null || diskBytes === null || operatingSystem === null;

function inventory(servers: readonly ServerSummary[]): Told {
  if (servers.length === 0) return notStarted('No servers are known yet');
  const poor = servers.filter(lacksFacts).length;
  if (poor > 0)
    return attention(poor, `${plural(poor, 'server lacks', 'servers lack')} facts on its hardware`);
  return ok(plural(servers.length, 'server'));
}

function conversions({ conversions, jobs }: Facts): Told {
  const ours = jobs.filter(({ kind }) => kind === 'convert');
  const stuck = ours.filter(({ state }) => ['failed', 'interrupted', 'paused'].includes(state)).length;
  if (stuck > 0)
    return attention(stuck, `${plural(stuck, 'conversion needs', 'conversions need')} attention`);
  const running = ours.filter(({ state }) => ['queued', 'running', 'pausing'].includes(state)).length;
  if (running > 0) return ok(`${plural(running, 'conversion is', 'conversions are')} running`);
  if (conversions.length === 0) return notStarted('Nothing was converted yet');
  return ok(`${plural(conversions.length, 'server')} converted`);
}
