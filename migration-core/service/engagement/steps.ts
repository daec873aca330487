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

/** What takes long to ask of many servers, and changes when something is collected. */
export interface ServerFacts {
  servers: number;
  /** Milliseconds since 1970. */
  firstSample: number | null;
  lastSample: number | null;
  /** Servers without any measurement. */
  unmeasured: number;
  /** Servers of which too little is known to size them. */
  poor: number;
  collections: number;
  unfinished: number;
  /** When data last came in, milliseconds since 1970. */
  newest: number | null;
}

const least = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const most = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

export function serverFacts(
  servers: readonly ServerSummary[],
  collections: readonly CollectionRecord[],
): ServerFacts {
  const facts: ServerFacts = {
    ...{ servers: servers.length, firstSample: null, lastSample: null, unmeasured: 0, poor: 0 },
    collections: collections.length,
    unfinished: collections.filter(({ finishedAt }) => finishedAt === null).length,
    newest: null,
  };
  for (const server of servers) {
    facts.firstSample = least(facts.firstSample, server.firstSample);
    facts.lastSample = most(facts.lastSample, server.lastSample);
    if (server.firstSample === null) facts.unmeasured++;
    if (lacksFacts(server)) facts.poor++;
  }
  for (const { finishedAt, startedAt } of collections)
    facts.newest = most(facts.newest, finishedAt ?? startedAt);
  return facts;
}

export interface Facts extends ServerFacts {
  assessments: readonly DocumentInfo[];
  plans: readonly DocumentInfo[];
  waves: readonly DocumentInfo[];
  reports: readonly DocumentInfo[];
  conversions: readonly DocumentInfo[];
  jobs: readonly Job[];
  scenario: string;
}

export function factsOf(
  engagement: EngagementFile,
  known: ServerFacts,
  jobs: readonly Job[],
  scenario: string,
): Facts {
  return {
    ...known,
    assessments: engagement.documents('assessment'),
    plans: engagement.documents('plan'),
    waves: engagement.documents('waves'),
    reports: engagement.documents('report-history'),
    conversions: engagement.documents('conversion'),
    ...{ jobs, scenario },
  };
}

export function stepStates(facts: Facts): StepState[] {
  const { newest } = facts;
  const computed = (documents: readonly DocumentInfo[], nothing: string, done: string): Told => {
    const one = documents.find(({ name }) => name === facts.scenario);
    if (one === undefined) return notStarted(nothing);
    if (newest !== null && newest > one.changedAt) return attention(1, 'Data came in since it was computed');
    return ok(done);
  };
  const told: Record<Step, Told> = {
    sources: sources(facts),
    inventory: inventory(facts),
    candidates: computed(facts.assessments, 'Not assessed yet', 'Assessed'),
    plan: computed(facts.plans, 'Not planned yet', 'Planned'),
    waves: computed(facts.waves, 'No waves yet', 'Waves are planned'),
    convert: conversions(facts),
    reports:
      facts.reports.length === 0 ? notStarted('No report yet') : ok(plural(facts.reports.length, 'report')),
  };
  return Object.entries(told).map(([step, state]) => ({ step: step as Step, ...state }));
}

function sources({ collections, unfinished, unmeasured, jobs }: Facts): Told {
  if (collections === 0) return notStarted('Nothing was collected yet');
  const isCollecting = jobs.some(
    ({ kind, state }) => ['import', 'collect-local', 'collect-ssh'].includes(kind) && state === 'running',
  );
  if (unfinished > 0 && !isCollecting)
    return attention(unfinished, `${plural(unfinished, 'collection was', 'collections were')} interrupted`);
  if (unmeasured > 0)
    return attention(unmeasured, `${plural(unmeasured, 'server has', 'servers have')} no measurements`);
  return ok(plural(collections, 'source'));
}

/** What a server cannot be sized without. */
const lacksFacts = ({ cores, memoryBytes, diskBytes, operatingSystem }: ServerSummary): boolean =>
  cores === null || memoryBytes === null || diskBytes === null || operatingSystem === null;

function inventory({ servers, poor }: Facts): Told {
  if (servers === 0) return notStarted('No servers are known yet');
  if (poor > 0) return attention(poor, `${plural(poor, 'server lacks', 'servers lack')} facts on hardware`);
  return ok(plural(servers, 'server'));
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
