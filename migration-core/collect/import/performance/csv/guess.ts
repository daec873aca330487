/** Proposes what the columns of a CSV file mean, from their headings and the first rows. */
import { METRICS, type MetricId } from '../../../../store/model/metrics.ts';
import { timeAt, numberOf, type TimeFormat } from '../numbers.ts';
import { unitFactor, unitInHeading, type Unit } from '../units.ts';
import type { CsvMapping, Figure } from './mapping.ts';

export interface Proposal {
  mapping: CsvMapping | null;
  /** What a person has to say or confirm, one sentence each; empty where all is sure. */
  doubts: string[];
}

/** Characters of a heading that are looked at. */
const MAX_HEADING = 300;

const metricIds = new Map<string, MetricId>(METRICS.map(({ id }) => [id.toLowerCase(), id]));

interface Meaning {
  metric: MetricId;
  factor?: number;
  plus?: number;
}

/** The first that fits. Words of headings are separated by one blank, in lower case. */
const RULES: readonly [RegExp, Meaning | null][] = [
  [/\b(?:limit|reservation|reserved|threshold|cost|count of|capacity mhz|provisioned mhz)\b/u, null],
  [/\bio ?wait\b|\bwa\b/u, { metric: 'cpu.iowait' }],
  [/\bsteal\b/u, { metric: 'cpu.steal' }],
  [/\b(?:processor|cpu|run) ?queue|\brunq/u, { metric: 'cpu.queue' }],
  [/context ?switch|\bcswch\b/u, { metric: 'cpu.contextSwitches' }],
  [/\b(?:cpu|processor)\b.*\bidle\b/u, { metric: 'cpu.busy', factor: -1, plus: 100 }],
  [/\b(?:cpu|processor)\b.*\b(?:user|usr)\b/u, { metric: 'cpu.user' }],
  [/\b(?:cpu|processor)\b.*\b(?:sys|system|kernel|privileged)\b/u, { metric: 'cpu.privileged' }],
  [/\b(?:cpu|processor)\b.*\b(?:m|g)hz\b/u, null],
  [/\b(?:cpu|processor)s? ?(?:cores|threads|sockets|model|number)\b/u, null],
  [/\b(?:cpu|processor)\b|\bcpu ?(?:usage|util)/u, { metric: 'cpu.busy' }],
  [/\b(?:swap|page ?file)\b.*\b(?:used|usage)\b/u, { metric: 'memory.swapUsed' }],
  [/\b(?:mem|memory|ram)\b.*(?:\bpct\b|\bpercent|%)/u, null],
  [
    /\b(?:mem|memory|ram)\b.*\b(?:total|capacity|installed|size|provisioned)\b|\btotal (?:mem|memory|ram)\b/u,
    { metric: 'memory.total' },
  ],
  [
    /\b(?:mem|memory|ram)\b.*\b(?:available|avail|free)\b|\b(?:available|free) (?:mem|memory|ram)\b/u,
    { metric: 'memory.available' },
  ],
  [/\b(?:mem|memory|ram)\b.*\bcommit(?:ted)?\b|\bcommitted\b/u, { metric: 'memory.committed' }],
  [
    /\b(?:mem|memory|ram)\b.*\b(?:used|usage|consumed|in use|active)\b|\bused (?:mem|memory|ram)\b/u,
    { metric: 'memory.used' },
  ],
  [/\bread\b.*\b(?:latency|await|response)\b|\bsec\/read\b/u, { metric: 'disk.readLatency' }],
  [/\bwrite\b.*\b(?:latency|await|response)\b|\bsec\/write\b/u, { metric: 'disk.writeLatency' }],
  [/\bdisk\b.*\bqueue\b/u, { metric: 'disk.queue' }],
  [/\bdisk\b.*\b(?:busy|util|utilization|utilisation)\b/u, { metric: 'disk.busy' }],
  [
    /\bread\b.*\b(?:iops|operations|ops|ios?|requests)\b|\breads\b|\briops\b|\biops read\b/u,
    { metric: 'disk.readOperations' },
  ],
  [
    /\bwrite\b.*\b(?:iops|operations|ops|ios?|requests)\b|\bwrites\b|\bwiops\b|\biops write\b/u,
    { metric: 'disk.writeOperations' },
  ],
  [
    /\bdisk\b.*\bread\b|\bread\b.*\b(?:throughput|rate|bytes|[kmg]i?b|[kmg]i?bps)\b/u,
    { metric: 'disk.readBytes' },
  ],
  [
    /\bdisk\b.*\bwri(?:te|tten)\b|\bwrite\b.*\b(?:throughput|rate|bytes|[kmg]i?b|[kmg]i?bps)\b/u,
    { metric: 'disk.writeBytes' },
  ],
  [/\b(?:net|network|nic|interface)\b.*\b(?:errors?|drops?|dropped)\b/u, { metric: 'nic.errors' }],
  [
    /\bpackets?\b.*\b(?:in|rx|received|receive)\b|\b(?:rx|received) packets\b/u,
    { metric: 'nic.receivedPackets' },
  ],
  [
    /\bpackets?\b.*\b(?:out|tx|sent|transmitted|send)\b|\b(?:tx|sent) packets\b/u,
    { metric: 'nic.sentPackets' },
  ],
  [
    /\b(?:net|network|nic|interface|bytes)\b.*\b(?:in|rx|recv|received|receive|inbound|download)\b|\brx\b|\bnetwork received\b/u,
    { metric: 'nic.receivedBytes' },
  ],
  [
    /\b(?:net|network|nic|interface|bytes)\b.*\b(?:out|tx|sent|send|transmit|transmitted|outbound|upload)\b|\btx\b/u,
    { metric: 'nic.sentBytes' },
  ],
  [/\b(?:volume|filesystem|file system|fs)\b.*\bused\b/u, { metric: 'volume.used' }],
];

/** `cpuUsage_pct` and `CPU Usage [%]` alike as words. */
const words = (heading: string): string =>
  heading
    .replace(/([a-z])([A-Z])/gu, '$1 $2')
    .toLowerCase()
    .replace(/[^a-z0-9%/]+/gu, ' ')
    .trim();

/** What a heading or the name of a metric means; undefined where it is nothing we know. `sure`: the unit is named or plain. */
export function guessFigure(heading: string): { figure: Figure; sure: boolean } | undefined {
  const id = metricIds.get(heading.trim().toLowerCase());
  if (id !== undefined) return { figure: { metric: id }, sure: true };
  const text = words(heading.slice(0, 500));
  const rule = RULES.find(([pattern]) => pattern.test(text));
  if (rule === undefined || rule[1] === null) return undefined;
  const meaning = rule[1];
  const unit = unitInHeading(heading.slice(0, 500), meaning.metric);
  const needsUnit =
    unitFactor(meaning.metric, 'KB') !== undefined || unitFactor(meaning.metric, 'ms') !== undefined;
  return {
    figure: { ...meaning, ...(unit === undefined ? {} : { unit }) },
    sure:
      (unit !== undefined && !(meaning.metric.startsWith('disk.') && isAbbreviatedBits(heading, unit))) ||
      !needsUnit,
  };
}

/**
 * `kbps` and `Mbps`, which are bits by their letters. Networks are measured so; of a disk most tools mean bytes, eight times as
 * much, and a person has to say which.
 */
const isAbbreviatedBits = (heading: string, unit: Unit): boolean =>
  unit.includes('bit/s') && !/bit/iu.test(heading);

const TIME =
  /^(?:time|timestamp|date|datetime|date ?time|zeit|datum|when|epoch|clock|sample ?time|start ?time|fecha|horodatage)\b/u;
const SERVER =
  /^(?:server|host|hostname|host ?name|server ?name|machine|computer|computername|node|vm|vm ?name|vm ?id|name|instance ?id|system)$/u;
const INSTANCE = /^(?:instance|device|disk|disk ?name|nic|interface|adapter|volume|mount|object instance)$/u;
const METRIC = /^(?:metric|counter|counter ?name|metric ?name|metric ?id|measure|item|kpi|name)$/u;
const VALUE = /^(?:value|val|reading|avg|average|mean|metric ?value)$/u;

/**
 * @param headings of the first row
 * @param rows some of the rows after it, as text
 */
export function guessMapping(headings: readonly string[], rows: readonly string[][]): Proposal {
  const plain = headings.map((heading) => words(heading.slice(0, MAX_HEADING)));
  const doubts: string[] = [];
  const timeColumn = pickTime(plain, rows);
  if (timeColumn < 0) return { mapping: null, doubts: ['Which column is the time?'] };
  const clockColumn = plain.findIndex(
    (name, i) => i !== timeColumn && /^(?:time|clock|hora|uhrzeit|heure)$/u.test(name),
  );
  const hasClock =
    clockColumn >= 0 && rows.every((row) => /^\d{1,2}:\d\d/u.test(row[clockColumn]?.trim() ?? ''));
  const format = timeFormatOf(
    rows.map((row) => `${row[timeColumn] ?? ''}${hasClock ? ` ${row[clockColumn] ?? ''}` : ''}`.trim()),
  );
  if (format === null) return { mapping: null, doubts: ['How are the times written?'] };
  if (format.ambiguous) doubts.push('Does the day or the month come first?');
  const find = (pattern: RegExp, ...taken: number[]): number =>
    plain.findIndex((name, i) => pattern.test(name) && i !== timeColumn && !taken.includes(i));
  const value = find(VALUE);
  const metric = find(METRIC, value);
  const isLong = value >= 0 && metric >= 0;
  const server = find(SERVER, ...(isLong ? [metric, value] : []));
  const instance = find(INSTANCE, server, metric);
  const common = {
    time: {
      column: timeColumn,
      format: format.format,
      ...(hasClock ? { clock: clockColumn } : {}),
    },
    ...(server < 0 ? {} : { server }),
    ...(instance < 0 ? {} : { instance }),
  };
  if (isLong)
    return { mapping: { form: 'long', ...common, metric: { column: metric, names: {} }, value }, doubts };
  const figures: Extract<CsvMapping, { form: 'wide' }>['figures'] = [];
  const seen = new Set<string>();
  headings.forEach((long, index) => {
    const heading = long.slice(0, MAX_HEADING);
    if ([timeColumn, hasClock ? clockColumn : -1, server, instance].includes(index)) return;
    const named = /^(.*?)\s*[:([]([^()[\]:%]{1,100})[)\]]?\s*$/u.exec(heading.trim());
    const whole = guessFigure(heading);
    // `cpu.busy`, `disk.readBytes:sda`, `Disk read KB/s (sda)`: what is in parentheses is a unit, or a name.
    const parted = named !== null && whole?.figure.unit === undefined ? guessFigure(named[1]!) : undefined;
    const guess = parted ?? whole;
    if (guess === undefined) return;
    const key = `${guess.figure.metric} ${parted === undefined ? '' : named![2]!}`;
    if (seen.has(key)) return;
    seen.add(key);
    if (!guess.sure) doubts.push(`In what unit is the column ${heading.trim().slice(0, 100)}?`);
    figures.push({
      ...guess.figure,
      column: index,
      ...(parted === undefined ? {} : { instance: named![2]!.trim() }),
    });
  });
  if (figures.length === 0) return { mapping: null, doubts: ['Which columns are what?'] };
  return { mapping: { form: 'wide', ...common, figures }, doubts };
}

/** A column that is headed as a time and holds times; or the first that holds dates. */
function pickTime(plain: readonly string[], rows: readonly string[][]): number {
  const holds = (column: number): boolean =>
    rows.length > 0 && rows.every((row) => looksLikeTime(row[column]?.trim() ?? ''));
  const headed = plain.findIndex((name, i) => TIME.test(name) && holds(i));
  if (headed >= 0) return headed;
  return plain.findIndex(
    (_, i) =>
      rows.length > 0 && rows.every((row) => /^\d{1,4}[-/.]\d{1,2}[-/.]\d/u.test(row[i]?.trim() ?? '')),
  );
}

const looksLikeTime = (text: string): boolean =>
  /^\d{1,4}[-/.]\d{1,2}[-/.]\d/u.test(text) || (/^\d{9,16}(?:\.\d+)?$/u.test(text) && numberOf(text) > 3e8);

/** How these times are written; null where no way fits all of them. */
export function timeFormatOf(texts: readonly string[]): { format: TimeFormat; ambiguous: boolean } | null {
  if (texts.length === 0) return null;
  if (texts.every((text) => /^\d{9,16}(?:\.\d+)?$/u.test(text))) {
    const first = numberOf(texts[0]!);
    const format = first < 1e11 ? 'seconds' : first < 1e14 ? 'milliseconds' : 'microseconds';
    return { format, ambiguous: false };
  }
  const fits = (format: TimeFormat): boolean =>
    texts.every((text) => {
      const bytes = Buffer.from(text, 'utf8');
      return !Number.isNaN(timeAt(bytes, 0, bytes.length, format, 0));
    });
  if (/^\d{4}/u.test(texts[0]!)) return fits('ymd') ? { format: 'ymd', ambiguous: false } : null;
  const [month, day] = [fits('mdy'), fits('dmy')];
  if (!month && !day) return null;
  // Dates with dots have the day first wherever they are used.
  if (month && day && texts[0]!.includes('.') && /^\d+\.\d+\.\d/u.test(texts[0]!))
    return { format: 'dmy', ambiguous: false };
  return { format: month ? 'mdy' : 'dmy', ambiguous: month && day };
}
