/**
 * `sadf -d`: lines of semicolons, a comment with the names of columns before each block.
 *
 *   # hostname;interval;timestamp;CPU;%user;%nice;%system;%iowait;%steal;%idle
 *   web1;600;2019-04-18 13:20:19 UTC;-1;2.15;12.50;1.84;0.12;0.00;82.88
 *
 * Times are UTC and say so, or local (`-T`), or seconds since 1970 (`-U`).
 */
import type { Importer } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { textLines } from '../lines.ts';
import { numberOf } from '../numbers.ts';
import { ImportSink } from '../sink.ts';
import { clockTime } from './moment.ts';
import { sectionsOf, takeRow } from './sections.ts';

const HEADING = '# hostname;interval;timestamp';
/** Host, interval, time. */
const FRONT = 3;
const DEVICES = new Set(['CPU', 'DEV', 'IFACE', 'FILESYSTEM', 'MOUNTPOINT']);

export const sadfCsv: Importer = {
  id: 'sadf-csv',
  name: 'sysstat history as a table (sadf -d)',
  recognise: (input) => (!input.isFolder && headText(input).trimStart().startsWith(HEADING) ? 3 : 0),

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    let block = null as Block | null;
    let offset: number | undefined;
    const take = (line: string, at: number): void => {
      if (line.trim() === '') return;
      if (line.startsWith(HEADING)) {
        block = blockOf(line.slice(2).split(';'));
        return;
      }
      const cells = line.split(';', 10_000);
      if (/^(?:LINUX-RESTART|COM)/u.test(cells[FRONT] ?? '')) return;
      const time = /^(.+?)(?: (UTC|GMT))?$/u.exec(cells[2] ?? '');
      const isCounted = /^\d{9,11}$/u.test(time?.[1] ?? '');
      let moment = isCounted ? Number(time![1]) * 1000 : clockTime(time?.[1] ?? '');
      if (block === null || Number.isNaN(moment)) {
        const what =
          block === null
            ? 'No heading says what this line measures.'
            : 'The time of this line was not understood.';
        sink.problem(at, what, line);
        return;
      }
      const { columns, index, sections, instance } = block;
      if (sections.length === 0) {
        sink.ignore(columns.slice(FRONT, FRONT + 2).join(' '));
        return;
      }
      // A line that is cut off in the middle of its last figure.
      const name = options.serverName ?? cells[0]!.trim();
      if (cells.length !== columns.length || name === '') {
        const what =
          name === ''
            ? 'This line names no server.'
            : `This line has ${cells.length} of ${columns.length} columns.`;
        sink.problem(at, what, line);
        return;
      }
      if (!isCounted && time![2] === undefined) moment -= (offset ??= sink.utcOffset()) * 60_000;
      const interval = Number(cells[1]);
      const row = {
        server: sink.series.server(name),
        time: moment,
        interval: interval > 0 && interval < 1e7 ? interval : 0,
        instance: instance < 0 ? '' : cells[instance]!,
      };
      let wrong = 0;
      const get = (column: string): number => {
        const cell = index.get(column);
        if (cell === undefined) return Number.NaN;
        const value = numberOf(cells[cell]!);
        if (Number.isNaN(value)) wrong++;
        return value;
      };
      for (const section of sections) takeRow(sink, section, row, get);
      if (wrong > 0) sink.problem(at, 'A figure of this line is no number.', line);
    };
    for await (const { lines, first, overlong } of textLines(utf8Pieces(input))) {
      if (overlong) sink.problem(first - 1, 'This line is too long and was left out.');
      lines.forEach((line, i) => take(line, first + i));
      yield* sink.handOver();
    }
    yield* sink.finish();
  },
};

interface Block {
  columns: string[];
  index: Map<string, number>;
  sections: ReturnType<typeof sectionsOf>;
  instance: number;
}

const blockOf = (columns: string[]): Block => ({
  columns,
  index: new Map(columns.map((column, i) => [column, i])),
  sections: sectionsOf(columns),
  instance: columns.findIndex((column) => DEVICES.has(column)),
});
