/**
 * Traces of PlanetLab machines (CoMon project, as published with CloudSim): a file for each machine and day, on each line
 * the processor's use in percent, every five minutes: 288 lines. The day is the name of the folder: 20110303.
 */
import type { Importer, ImportInput, ImportOptions } from '../../../collector.ts';
import { headText, utf8Pieces } from '../../text-encoding.ts';
import { textLines } from '../lines.ts';
import { dayOf } from '../numbers.ts';
import { ImportSink, startTimeOf } from '../sink.ts';

const LINES = 288;
const INTERVAL = 300;
const DAY_NAME = /^(\d{4})(\d\d)(\d\d)$/u;

export const planetlab: Importer = {
  id: 'planetlab',
  name: 'PlanetLab trace (CoMon)',
  recognise(input) {
    if (input.isFolder)
      return input.entries.length > 0 &&
        input.entries.every((entry) => /(?:^|\/)[\w.-]+_[\w-]+$/u.test(entry)) &&
        dayIn(input, input.entries[0]!) !== null
        ? 2
        : 0;
    // 288 lines of three digits and their ends.
    if (input.head.length > LINES * 5) return 0;
    const lines = headText(input).split(/\r?\n/u);
    if (lines.at(-1) === '') lines.pop();
    return lines.length === LINES && lines.every((line) => /^\d{1,3}$/u.test(line)) ? 3 : 0;
  },

  async *read(input, options) {
    const sink = new ImportSink(input, options, 'line');
    for (const entry of input.isFolder ? input.entries : [undefined])
      yield* readDay(sink, input, entry, options);
    yield* sink.finish();
  },
};

/** The day of an entry (or of the file itself), milliseconds since 1970; null where no folder names one. */
function dayIn(input: ImportInput, entry: string): number | null {
  const folders = `${input.path}/${entry}`.split(/[/\\]/u).reverse();
  for (const folder of folders) {
    const found = DAY_NAME.exec(folder);
    const day = found === null ? Number.NaN : dayOf(Number(found[1]), Number(found[2]), Number(found[3]));
    if (!Number.isNaN(day)) return day;
  }
  return null;
}

async function* readDay(
  sink: ImportSink,
  input: ImportInput,
  entry: string | undefined,
  options: ImportOptions,
) {
  const start = dayIn(input, entry ?? '') ?? startTimeOf(input, options);
  const name =
    (entry === undefined ? options.serverName : undefined) ?? (entry ?? input.name).split('/').at(-1)!;
  const series = sink.series.series(sink.series.server(name), 'cpu.busy', '', INTERVAL);
  const where = entry === undefined ? '' : ` of ${entry}`;
  for await (const { lines, first } of textLines(utf8Pieces(input, entry))) {
    lines.forEach((line, i) => {
      const at = first + i;
      if (line.trim() === '') return;
      const value = /^\s*\d{1,3}\s*$/u.test(line) ? Number(line) : Number.NaN;
      if (at > LINES) sink.problem(at, `A day has ${LINES} lines; this one${where} is left over.`, line);
      else if (!(value <= 100)) sink.problem(at, `This line${where} is no percentage.`, line);
      // The end of the five minutes it stands for.
      else sink.series.add(series, start + at * INTERVAL * 1000, value);
    });
    yield* sink.handOver();
  }
}
