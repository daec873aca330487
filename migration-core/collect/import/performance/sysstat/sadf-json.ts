/**
 * `sadf -j`: one document, a host after the other, each with a list of moments (sysstat 10.1 and later). Files of a month
 * of a large server have hundreds of megabytes; a moment at a time is kept.
 *
 *   {"sysstat": {"hosts": [{"nodename": "...", ..., "statistics": [{"timestamp": {...}, "cpu-load": [...], ...}, ...]}]}}
 */
import type { Importer } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { isRecord, jsonParts, recordsOf, textIn } from '../json-stream.ts';
import { ImportSink } from '../sink.ts';
import { momentOf } from './moment.ts';
import { sectionsOf, takeRow, type Row } from './sections.ts';

const NODE = 'sysstat.hosts[].nodename';
const MOMENT = 'sysstat.hosts[].statistics[]';

/** Lists and objects of a moment: path, and by which key of an element the device goes. */
const PARTS: readonly { path: readonly string[]; device?: string; column?: string }[] = [
  { path: ['cpu-load'], device: 'cpu', column: 'CPU' },
  { path: ['cpu-load-all'], device: 'cpu', column: 'CPU' },
  { path: ['process-and-context-switch'] },
  { path: ['swap-pages'] },
  { path: ['paging'] },
  { path: ['memory'] },
  { path: ['queue'] },
  { path: ['disk'], device: 'disk-device', column: 'DEV' },
  { path: ['network', 'net-dev'], device: 'iface', column: 'IFACE' },
  { path: ['network', 'net-edev'], device: 'iface', column: 'IFACE' },
  { path: ['filesystems'], device: 'filesystem', column: 'FILESYSTEM' },
];

/** Keys of the document that are not the column of sar without `kb`, `%` and `/s`. */
const COLUMNS: Readonly<Record<string, string>> = {
  'memused-percent': '%memused',
  'util-percent': '%util',
  rd_sec: 'rd_sec/s',
  wr_sec: 'wr_sec/s',
  swpused: 'kbswpused',
  avail: 'kbavail',
  commit: 'kbcommit',
  await: 'await',
  'runq-sz': 'runq-sz',
  'aqu-sz': 'aqu-sz',
  'avgqu-sz': 'avgqu-sz',
  MBfsused: 'MBfsused',
  rtps: 'rtps',
  wtps: 'wtps',
};
const PERCENT = new Set('user usr nice system sys iowait steal irq soft guest gnice idle'.split(' '));
const KILOBYTES = new Set('memfree memused buffers cached slab'.split(' '));

const columnOf = (key: string): string =>
  COLUMNS[key] ?? (PERCENT.has(key) ? `%${key}` : KILOBYTES.has(key) ? `kb${key}` : `${key}/s`);

export const sadfJson: Importer = {
  id: 'sadf-json',
  name: 'sysstat history as JSON (sadf -j)',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = headText(input).slice(0, 20_000);
    if (!/^\s*\{\s*"sysstat"\s*:/u.test(head)) return 0;
    return /"timestamp"\s*:\s*\{/u.test(head) ? 3 : 2;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'record');
    let name = options.serverName ?? '';
    let moments = 0;
    let offset: number | undefined;
    for await (const part of jsonParts(utf8Pieces(input), new Set([NODE, MOMENT]))) {
      if ('broken' in part) {
        const what =
          part.broken === 'document'
            ? 'The file is cut short or damaged behind this record.'
            : 'This record is damaged.';
        sink.problem(part.broken === 'document' ? moments : part.record, what);
      } else if (part.path === NODE) {
        if (options.serverName === undefined && typeof part.value === 'string') name = part.value;
      } else {
        moments = part.record;
        const moment = isRecord(part.value) ? momentOf(part.value['timestamp']) : null;
        if (moment === null || name === '')
          sink.problem(
            part.record,
            name === '' ? 'This record names no server.' : 'This record has no time.',
          );
        else {
          if (!moment.isUtc) offset ??= sink.utcOffset();
          const row = {
            server: sink.series.server(name),
            time: moment.time - (moment.isUtc ? 0 : offset!) * 60_000,
            interval: moment.interval,
          };
          takeMoment(sink, row, part.value as Record<string, unknown>);
        }
      }
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

function takeMoment(sink: ImportSink, row: Omit<Row, 'instance'>, moment: Record<string, unknown>): void {
  for (const { path, device, column } of PARTS) {
    let found: unknown = moment;
    for (const key of path) found = isRecord(found) ? found[key] : undefined;
    if (found === undefined) continue;
    for (const element of device === undefined ? (isRecord(found) ? [found] : []) : recordsOf(found))
      takeElement(
        sink,
        { ...row, instance: device === undefined ? '' : textIn(element, device) },
        element,
        column,
      );
  }
  const io = moment['io'];
  if (!isRecord(io)) return;
  const flat = {
    ...(isRecord(io['io-reads']) ? io['io-reads'] : {}),
    ...(isRecord(io['io-writes']) ? io['io-writes'] : {}),
  };
  takeElement(sink, { ...row, instance: '' }, flat, undefined);
}

/** Headings repeat from moment to moment: their sections are looked up once. */
const known = new Map<string, { sections: ReturnType<typeof sectionsOf>; keys: Map<string, string> }>();
const MAX_KNOWN = 1000;

function takeElement(
  sink: ImportSink,
  row: Row,
  element: Record<string, unknown>,
  column: string | undefined,
): void {
  const heading = Object.keys(element).join(' ');
  let entry = known.get(heading);
  if (entry === undefined) {
    const keys = new Map(Object.keys(element).map((key) => [columnOf(key), key]));
    entry = { sections: sectionsOf([...keys.keys(), ...(column === undefined ? [] : [column])]), keys };
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(heading, entry);
  }
  const { keys, sections } = entry;
  for (const section of sections)
    takeRow(sink, section, row, (name) => {
      const key = keys.get(name);
      const value = key === undefined ? undefined : element[key];
      return typeof value === 'number' ? value : Number.NaN;
    });
}
