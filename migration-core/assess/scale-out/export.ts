/**
 * An engagement as Parquet, for estates that are larger than a laptop: a warehouse asks the same questions there that
 * the program asks here (resources/scale-out). One server is in memory at a time, and one group of rows of each file.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { throwIfCancelled } from '../../base/cancel.ts';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';
import { countedProgress, type ProgressListener } from '../../base/progress.ts';
import type { EngagementFile, SeriesInfo, ServerSummary } from '../../store/engagement.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import { metricInfo } from '../../store/model/metrics.ts';
import type { Rollup } from '../../store/model/rollup.ts';
import { diskParts, nicParts } from '../../store/rollup/parts.ts';
import { isMeasured, slotNumbering, slotSeconds } from '../../store/rollup/slots.ts';
import { characterise } from '../characterise/characterise.ts';
import { decodeProfile, encodeProfile } from '../characterise/codec.ts';
import { aboutServer, engagementReader } from '../characterise/reader.ts';
import type { AssessmentContext } from '../model/context.ts';
import type { DemandProfile } from '../model/demand.ts';
import type { RuleBook } from '../rules/pack.ts';
import { serverScore } from '../sizing/cpu-score.ts';
import { ParquetFile } from './parquet.ts';
import { readmeText } from './readme.ts';
import { LEFT_OUT, PROFILES, TARGET } from './schema-judging.ts';
import { RULES, SAMPLES, SERIES, SERVERS, type SampleRow, type Table } from './schema.ts';

const QUERIES = fileURLToPath(new URL('../../../resources/scale-out/', import.meta.url));
/** Rows of a group: some tens of megabytes while they are written. */
const GROUP_ROWS = 8000;
const SAMPLE_ROWS = 50_000;
/** Servers between two looks at the caller's clock. */
const TURN = 100;

export interface ExportedServer {
  summary: ServerSummary;
  inventory: ServerInventory | null;
  annotations: ServerAnnotations;
  rollups: readonly Rollup[];
  /** null: nothing was measured that is sized for. */
  profile: DemandProfile | null;
}

/** Where servers come from: an engagement file, or one after the other from elsewhere. */
export interface ExportSource {
  count: number;
  servers(): Iterable<ExportedServer>;
  /** Of one server, with their samples. */
  samples(server: ServerSummary): Iterable<SeriesInfo & { times: Float64Array; values: Float64Array }>;
}

export const engagementSource = (engagement: EngagementFile): ExportSource => {
  const summaries = engagement.servers();
  return {
    count: summaries.length,
    *servers() {
      for (const summary of summaries) {
        const { id } = summary;
        const inventory = engagement.inventory(id)?.inventory ?? null;
        const annotations = engagement.annotations(id);
        yield {
          summary,
          inventory,
          annotations,
          rollups: engagement.rollups(id),
          profile: profileOf(engagement, summary, inventory, annotations),
        };
      }
    },
    *samples({ id }) {
      for (const info of engagement.series(id)) {
        const { metric, instance } = info;
        const { times, values } = engagement.readSamples(
          id,
          metric,
          instance,
          Number.NEGATIVE_INFINITY,
          Number.POSITIVE_INFINITY,
        );
        yield { ...info, times, values };
      }
    },
  };
};

/** As it is kept, else made of the samples; kept or not, it is the same. */
function profileOf(
  engagement: EngagementFile,
  { id, firstSample }: ServerSummary,
  inventory: ServerInventory | null,
  annotations: ServerAnnotations,
): DemandProfile | null {
  if (firstSample === null) return null;
  const kept = engagement.demandProfile(id);
  const known = kept === null ? null : decodeProfile(kept);
  if (known !== null) return known;
  const made = characterise(
    engagementReader(engagement, id),
    aboutServer(inventory, annotations, engagement.utcOffsetMinutes),
  );
  return made === null ? null : decodeProfile(encodeProfile(made));
}

export interface ScaleOutOptions {
  /** Rules, and the host and platform that classes of input and output are of. */
  context: AssessmentContext;
  /** Every sample as well. */
  samples: boolean;
  signal?: AbortSignal | undefined;
  progress?: ProgressListener | undefined;
}

export interface ExportedFile {
  name: string;
  rows: number;
  bytes: number;
}

/**
 * Makes the folder, which must be empty or missing.
 * @throws DESTINATION_EXISTS, CANCELLED, WRITE_FAILED, ENGAGEMENT_DAMAGED; nothing of it is left behind then
 */
export async function exportForScaleOut(
  source: ExportSource,
  folder: string,
  options: ScaleOutOptions,
): Promise<ExportedFile[]> {
  claim(folder);
  try {
    return await write(source, folder, options);
  } catch (error) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
    throw explained(error, folder);
  }
}

function claim(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length === 0) return;
  } catch (error) {
    throw explained(error, folder);
  }
  throw new IronliftError('DESTINATION_EXISTS', `The folder ${basename(folder)} is not empty.`, {
    next: 'Choose a folder that is empty or does not exist yet.',
    data: { folder },
  });
}

async function write(
  source: ExportSource,
  folder: string,
  { context, samples: wantsSamples, signal, progress }: ScaleOutOptions,
): Promise<ExportedFile[]> {
  const files: ParquetFile<never>[] = [];
  const begin = <Row>(table: Table<Row>, rows: number): ParquetFile<Row> => {
    const file = new ParquetFile(join(folder, `${table.name}.parquet`), table, rows);
    files.push(file);
    return file;
  };
  try {
    const { rules } = context;
    const rulesFile = begin(RULES, GROUP_ROWS);
    for (const row of rules.all()) rulesFile.add(row);
    begin(TARGET, GROUP_ROWS).add(context);
    const servers = begin(SERVERS, GROUP_ROWS);
    const profiles = begin(PROFILES, GROUP_ROWS);
    const series = begin(SERIES, GROUP_ROWS);
    const samples = wantsSamples ? begin(SAMPLES, SAMPLE_ROWS) : null;
    let done = 0;
    for (const server of source.servers()) {
      const { summary, rollups, inventory, profile } = server;
      throwIfCancelled(signal);
      servers.add({ ...server, coreScore: coreScore(server, rules) });
      if (profile !== null) profiles.add({ server: summary.id, profile, inventory });
      const counted = countedSeries(rollups, inventory);
      for (const rollup of rollups)
        series.add({ server: summary.id, rollup, counted: counted.has(keyOf(rollup)) });
      if (samples !== null) for (const one of source.samples(summary)) addSamples(samples, summary.id, one);
      if (++done % TURN === 0 || samples !== null) {
        progress?.(countedProgress('Writing servers', 'servers', done, source.count));
        await setImmediate();
      }
    }
    progress?.(countedProgress('Writing servers', 'servers', done, source.count));
    const written = files.map((file) => ({
      name: basename(file.path),
      bytes: file.finish(),
      rows: file.rows,
    }));
    const tables = [SERVERS, PROFILES, SERIES, TARGET, RULES, ...(wantsSamples ? [SAMPLES] : [])];
    writeFileSync(join(folder, 'README.txt'), readmeText(tables, rules.version, LEFT_OUT));
    for (const name of readdirSync(QUERIES).filter((one) => one.endsWith('.sql')))
      copyFileSync(join(QUERIES, name), join(folder, name));
    return written;
  } catch (error) {
    for (const file of files) file.abort();
    throw error;
  }
}

/** As the assessment judges it; null where the number of cores is unknown. */
function coreScore({ summary, inventory, annotations }: ExportedServer, rules: RuleBook): number | null {
  const { id, identity } = summary;
  const facts = { id, name: identity.name, identity, inventory, annotations, profile: null };
  return serverScore(facts, rules)?.perCore ?? null;
}

const keyOf = ({ metric, instance }: { metric: string; instance: string }): string =>
  `${metric}\n${instance}`;

/** Those whose sum is the whole: each transfer once. */
function countedSeries(rollups: readonly Rollup[], inventory: ServerInventory | null): ReadonlySet<string> {
  const counted = new Set<string>();
  for (const [metric, all] of Map.groupBy(rollups, (rollup) => rollup.metric)) {
    const instances = all.map(({ instance }) => instance);
    const scope = metricInfo(metric)?.scope;
    const known = inventory ?? undefined;
    const parts =
      scope === 'disk'
        ? diskParts(instances, known)
        : scope === 'nic'
          ? nicParts(instances, known)
          : instances;
    for (const instance of parts) counted.add(keyOf({ metric, instance }));
  }
  return counted;
}

function addSamples(
  file: ParquetFile<SampleRow>,
  server: number,
  { metric, instance, interval, times, values }: SeriesInfo & { times: Float64Array; values: Float64Array },
): void {
  const slot = slotSeconds(interval);
  const numberOf = slotNumbering(slot, interval);
  for (const [at, time] of times.entries()) {
    const value = values[at]!;
    const isThere = isMeasured(value);
    file.add({
      server,
      metric,
      instance,
      slot,
      slotNumber: isThere ? numberOf(time) : null,
      time,
      value: isThere ? value : null,
    });
  }
}

function explained(error: unknown, folder: string): unknown {
  const code = systemErrorCode(error);
  if (error instanceof IronliftError || code === undefined) return error;
  return new IronliftError('WRITE_FAILED', `The folder ${basename(folder)} could not be written (${code}).`, {
    next: 'Check the folder and the room on that disk.',
    data: { folder, code },
    cause: error,
  });
}
