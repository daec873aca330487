/**
 * `iostat -o JSON` and `mpstat -o JSON`: the document of sadf, but its times are texts in the form of the locale, with a date
 * (iostat -t) or without (mpstat, whose date is that of the host), and the keys are not quite the same.
 */
import type { Importer, ImportInput, ImportOptions } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { isRecord, jsonParts, recordsOf, textIn } from '../json-stream.ts';
import { ImportSink, intervalOf, startTimeOf } from '../sink.ts';
import { clockTime } from './moment.ts';
import { dateOf } from './sar-text.ts';
import { sectionsOf, takeRow } from './sections.ts';

const HOST = 'sysstat.hosts[]';
const DAY = 86_400_000;

export const toolJson: Importer = {
  id: 'sysstat-json',
  name: 'iostat or mpstat output as JSON (-o JSON)',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = headText(input).slice(0, 20_000);
    if (!/^\s*\{\s*"sysstat"\s*:/u.test(head) || /"timestamp"\s*:\s*\{/u.test(head)) return 0;
    return /"(?:avg-cpu|disk_device)"|"timestamp"\s*:\s*"/u.test(head) ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'record');
    const reader = new ToolReader(sink, input, options);
    const wanted = new Set([`${HOST}.nodename`, `${HOST}.date`, `${HOST}.statistics[]`]);
    let records = 0;
    for await (const part of jsonParts(utf8Pieces(input), wanted)) {
      if ('broken' in part) {
        // Stopped by a signal they leave the document open: that is how they are stopped.
        if (part.broken === 'document') sink.note('The document ends early; what was there was taken.');
        else sink.problem(part.record, 'This record is damaged.');
      } else if (part.path.endsWith('nodename')) reader.host(part.value);
      else if (part.path.endsWith('date')) reader.date(part.value);
      else {
        records = part.record;
        reader.moment(part.value, records);
      }
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

class ToolReader {
  readonly #sink: ImportSink;
  readonly #input: ImportInput;
  readonly #options: ImportOptions;
  #server = -1;
  #date = Number.NaN;
  #days = 0;
  #last = -1;
  #offset: number | undefined;

  constructor(sink: ImportSink, input: ImportInput, options: ImportOptions) {
    this.#sink = sink;
    this.#input = input;
    this.#options = options;
    if (options.serverName !== undefined) this.host(options.serverName);
  }

  host(name: unknown): void {
    const known = this.#options.serverName ?? (typeof name === 'string' ? name.trim() : '');
    if (known !== '') this.#server = this.#sink.series.server(known);
  }

  date(date: unknown): void {
    if (typeof date === 'string') this.#date = dateOf(date);
    this.#days = 0;
    this.#last = -1;
  }

  moment(value: unknown, record: number): void {
    if (!isRecord(value) || this.#server < 0) {
      this.#sink.problem(record, 'This record is not understood or of no server.');
      return;
    }
    const isIostat = value['avg-cpu'] !== undefined || value['disk'] !== undefined;
    if (isIostat && record === 1) {
      this.#sink.note('The first report is the mean since the server started, and was left out.');
      return;
    }
    const time = this.#time(textIn(value, 'timestamp'), record);
    if (Number.isNaN(time)) {
      this.#sink.problem(record, 'The time of this record was not understood.');
      return;
    }
    if (isRecord(value['avg-cpu'])) this.#element(value['avg-cpu'], 'CPU', 'all', time);
    for (const cpu of recordsOf(value['cpu-load'])) this.#element(cpu, 'CPU', textIn(cpu, 'cpu'), time);
    for (const disk of recordsOf(value['disk']))
      this.#element(disk, 'DEV', textIn(disk, 'disk_device'), time);
  }

  #element(element: Record<string, unknown>, column: string, instance: string, time: number): void {
    const key = (name: string): string =>
      Object.hasOwn(element, name) ? name : name.startsWith('%') ? name.slice(1) : name;
    const columns = Object.keys(element).map((name) =>
      column === 'CPU' || name === 'util' ? `%${name}` : name,
    );
    const row = { server: this.#server, time, interval: this.#options.intervalSeconds ?? 0, instance };
    for (const section of sectionsOf([column, ...columns]))
      takeRow(this.#sink, section, row, (name) => {
        const value = element[key(name)];
        return typeof value === 'number' ? value : Number.NaN;
      });
  }

  #time(text: string, record: number): number {
    if (text === '')
      return (
        startTimeOf(this.#input, this.#options) + (record - 1) * intervalOf(this.#input, this.#options) * 1000
      );
    const zoned = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([+-])(\d\d):?(\d\d)$/u.exec(text);
    if (zoned !== null) {
      const minutes = Number(zoned[4]) * 60 + Number(zoned[5]);
      return clockTime(`${zoned[1]!} ${zoned[2]!}`) - (zoned[3] === '-' ? -minutes : minutes) * 60_000;
    }
    const parts = /^(?:(\S+) )?(\d{1,2}):(\d\d):(\d\d)(?: ([AP]M))?$/u.exec(text);
    if (parts === null) return Number.NaN;
    let hour = Number(parts[2]);
    if (parts[5] !== undefined) hour = (hour % 12) + (parts[5] === 'PM' ? 12 : 0);
    const clock = ((hour * 60 + Number(parts[3])) * 60 + Number(parts[4])) * 1000;
    let day = parts[1] === undefined ? this.#date : dateOf(parts[1]);
    if (parts[1] === undefined) {
      if (clock < this.#last - DAY / 2) this.#days++;
      this.#last = clock;
      day += this.#days * DAY;
    }
    return day + clock - (this.#offset ??= this.#sink.utcOffset()) * 60_000;
  }
}
