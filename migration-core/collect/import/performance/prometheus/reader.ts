/** Readings of Prometheus series become samples: counters rates, parts combinations. */
import { z } from 'zod';
import { IronliftError } from '../../../../base/errors.ts';
import { METRICS, metricInfo, type MetricId } from '../../../../store/model/metrics.ts';
import type { CollectedItem, ImportInput, ImportOptions } from '../../../collector.ts';
import { CounterRate, RATE_NOTES } from '../rates.ts';
import type { ImportSink } from '../sink.ts';
import { COMBINATIONS, MODES, RULES, type Rule } from './rules.ts';

export type Labels = Readonly<Record<string, string>>;

/** Moments of all combinations together that are kept until the end, 100 bytes each: a month of 10 servers by the minute. */
const MAX_MOMENTS = 1_000_000;
const MAX_PARTS = 32;
/** Series that may come in any order in one file. */
const MAX_SERIES = 200_000;

/** `options.columns` for results of a query that has no name any more, as of `rate(...)`. */
const namedQuery = z.object({
  metric: z.enum(METRICS.map(({ id }) => id) as [MetricId, ...MetricId[]]),
  factor: z.number().optional(),
  /** The figures still grow, and rates are to be made of them. */
  counter: z.boolean().optional(),
});

interface Target {
  rule: Rule;
  rate: CounterRate | null;
  /** Of the builder, for what is a metric by itself. */
  series: number;
  percent: boolean;
  combination: Combination | null;
  part: string;
  isIdle: boolean;
}

interface Combination {
  server: number;
  instance: string;
  kind: keyof typeof COMBINATIONS;
  /** Where the moment of a time is in the columns. */
  moments: Map<number, number>;
  /** A column for each part; empty where nothing was read. */
  parts: Map<string, number[]>;
}

/** One series of the file. */
export interface PrometheusSeries {
  targets: Target[];
}

export class PrometheusReader {
  readonly #sink: ImportSink;
  readonly #serverName: string | undefined;
  readonly #query: z.infer<typeof namedQuery> | undefined;
  readonly #combinations = new Map<string, Combination>();
  readonly #series = new Map<string, PrometheusSeries>();
  #moments = 0;

  /** @throws IMPORT_NEEDS_ANSWER where `options.columns` is not understood */
  constructor(sink: ImportSink, input: ImportInput, options: ImportOptions) {
    this.#sink = sink;
    this.#serverName = options.serverName;
    if (options.columns === undefined) return;
    const parsed = namedQuery.safeParse(options.columns);
    if (!parsed.success)
      throw new IronliftError(
        'IMPORT_NEEDS_ANSWER',
        `What ${input.name} measures is not understood as it was given.`,
        {
          next: 'Give the metric that the query stands for.',
          data: { option: 'columns' },
        },
      );
    this.#query = parsed.data;
  }

  /** What becomes of a series with these labels. Null: nothing. */
  series(labels: Labels): PrometheusSeries | null {
    const key = JSON.stringify(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { targets: this.#targets(labels) };
      if (this.#series.size >= MAX_SERIES) {
        this.#sink.note('The file has more series than can be kept apart; some were left out (%n).');
        return null;
      }
      this.#series.set(key, series);
    }
    return series.targets.length === 0 ? null : series;
  }

  #targets(labels: Labels): Target[] {
    const name = labels['__name__'] ?? '';
    const server = this.#serverName ?? serverOf(labels);
    const rules = this.#rules(name, labels);
    if (rules.length === 0) this.#sink.ignore(name === '' ? 'series without a name' : name.slice(0, 100));
    if (rules.length > 0 && server === '') this.#sink.note('Series that name no server were left out (%n).');
    if (server === '') return [];
    return rules.flatMap((rule): Target[] => {
      const device = rule.device === undefined ? '' : (labels[rule.device] ?? '');
      if (rule.device !== undefined && device === '') return [];
      if (rule.takes !== undefined && !rule.takes(device)) {
        this.#sink.ignore(`${device.slice(0, 100)} (not hardware itself)`);
        return [];
      }
      const number = this.#sink.series.server(server);
      const common = { rule, rate: rule.counter ? new CounterRate() : null };
      if ('metric' in rule.gives) {
        const { metric } = rule.gives;
        const series = this.#sink.series.series(number, metric, device);
        const percent = metricInfo(metric)!.unit === 'percent';
        return [{ ...common, series, percent, combination: null, part: '', isIdle: false }];
      }
      const { combination: kind, part } = rule.gives;
      const mode = labels['mode'] ?? '';
      const isCpu = kind === 'cpu';
      const combination = this.#combination(number, kind, device);
      return [
        {
          ...common,
          series: -1,
          percent: false,
          combination,
          part: isCpu ? (MODES[mode] ?? mode) : part,
          isIdle: isCpu && mode === 'idle',
        },
      ];
    });
  }

  #rules(name: string, labels: Labels): readonly Rule[] {
    if (name !== '') return Object.hasOwn(RULES, name) ? RULES[name]! : [];
    if (this.#query !== undefined) {
      const { metric, factor = 1, counter = false } = this.#query;
      const device = ['device', 'disk', 'nic', 'mountpoint', 'volume', 'groupname'].find(
        (label) => labels[label] !== undefined,
      );
      return [
        {
          counter,
          factor,
          gives: { metric },
          ...(metricInfo(metric)!.scope === 'server' || device === undefined ? {} : { device }),
        },
      ];
    }
    // What is left of rate(node_cpu_seconds_total[5m]).
    if (labels['mode'] !== undefined && (labels['cpu'] !== undefined || labels['core'] !== undefined))
      return [{ counter: false, factor: 1, gives: { combination: 'cpu', part: '' } }];
    return [];
  }

  #combination(server: number, kind: keyof typeof COMBINATIONS, instance: string): Combination {
    const key = `${server} ${kind} ${instance}`;
    let found = this.#combinations.get(key);
    if (found === undefined) {
      found = { server, kind, instance, moments: new Map(), parts: new Map() };
      this.#combinations.set(key, found);
    }
    return found;
  }

  /** Takes a reading. `time` milliseconds since 1970. */
  reading({ targets }: PrometheusSeries, time: number, reading: number): void {
    if (!Number.isFinite(reading) || !(time > 0 && time < 8e15)) return;
    for (const target of targets) {
      const { rule, rate, combination } = target;
      let value = reading;
      if (rate !== null) {
        value = rate.next(time, reading);
        if (rate.trouble !== null) this.#sink.note(RATE_NOTES[rate.trouble]);
        if (Number.isNaN(value)) continue;
      }
      value *= rule.factor;
      if (combination === null) {
        if (target.percent && (value < 0 || value > 100)) value = this.#sink.percent(value);
        this.#sink.series.add(target.series, time, value);
        continue;
      }
      this.#keep(combination, time, target.part, value);
      if (target.isIdle) this.#keep(combination, time, 'cores', 1);
    }
  }

  /** Adds to what the part is at that time. */
  #keep({ moments, parts }: Combination, time: number, part: string, value: number): void {
    let at = moments.get(time);
    if (at === undefined) {
      if (this.#moments >= MAX_MOMENTS) {
        this.#sink.note(
          'Too many moments for one file: export fewer servers at a time (%n readings were left out).',
        );
        return;
      }
      this.#moments++;
      at = moments.size;
      moments.set(time, at);
    }
    let column = parts.get(part);
    if (column === undefined) {
      // Names of parts are modes of processors; no more than a dozen are known.
      if (parts.size >= MAX_PARTS) return;
      column = [];
      parts.set(part, column);
    }
    while (column.length < at) column.push(Number.NaN);
    const before = column[at];
    column[at] = before === undefined || Number.isNaN(before) ? value : before + value;
  }

  /** What was kept until all parts were there. */
  *finish(): Generator<CollectedItem> {
    for (const { server, kind, instance, moments, parts } of this.#combinations.values()) {
      for (const [metric, figure] of COMBINATIONS[kind]) {
        const percent = metricInfo(metric)!.unit === 'percent';
        for (const [time, at] of moments) {
          let value = figure((part) => parts.get(part)?.[at] ?? Number.NaN);
          if (!Number.isFinite(value)) continue;
          if (percent && (value < 0 || value > 100)) value = this.#sink.percent(value);
          this.#sink.series.add(this.#sink.series.series(server, metric, instance), time, value);
        }
        yield* this.#sink.handOver();
      }
      moments.clear();
      parts.clear();
    }
  }
}

/** `web1:9100` without the port of the exporter. */
function serverOf(labels: Labels): string {
  const named = labels['nodename'] ?? labels['hostname'] ?? labels['host'] ?? labels['instance'] ?? '';
  return named.replace(/:\d{1,5}$/u, '');
}
