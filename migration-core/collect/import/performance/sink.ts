/** What every importer of samples does at the end of a piece of its file: hand on samples, problems and how far it is. */
import { IronliftError } from '../../../base/errors.ts';
import { throwIfCancelled } from '../../../base/cancel.ts';
import { listed, plural } from '../../../base/text.ts';
import type { CollectionProblem } from '../../../store/engagement.ts';
import type { CollectedItem, ImportInput, ImportOptions } from '../../collector.ts';
import { SeriesBuilder } from './series.ts';

/** Bytes of the file between two reports of how far it is. */
const REPORT_EVERY = 1 << 20;
/** Problems that wait before they are handed on. */
const PROBLEMS_FULL = 1000;
/** What is shown of a line that was not understood, characters. */
const EXCERPT = 200;
/** Different remarks about a file. */
const NOTES = 100;
/** Names in a summary. */
const NAMES = 5;

export class ImportSink {
  readonly series = new SeriesBuilder();
  readonly #input: ImportInput;
  readonly #options: ImportOptions;
  readonly #unit: CollectionProblem['unit'];
  #problems: CollectedItem[] = [];
  #reported = 0;
  /** What has no metric, by name, and how often. */
  readonly #ignored = new Map<string, number>();
  #ignoredCount = 0;
  readonly #notes = new Map<string, number>();
  #moreNotes = 0;

  constructor(input: ImportInput, options: ImportOptions, unit: CollectionProblem['unit']) {
    this.#input = input;
    this.#options = options;
    this.#unit = unit;
  }

  /** Something was not understood, at line (record, row) `at` from 1; 0: of the file as a whole. */
  problem(at: number, message: string, excerpt = ''): void {
    this.#problems.push({
      kind: 'problem',
      problem: {
        at,
        unit: this.#unit,
        message,
        ...(excerpt === '' ? {} : { excerpt: excerpt.slice(0, EXCERPT) }),
      },
    });
  }

  /** Something of the file has no metric; told once at the end, by number. */
  ignore(name: string, times = 1): void {
    this.#ignoredCount += times;
    if (this.#ignored.size < 100 || this.#ignored.has(name))
      this.#ignored.set(name, (this.#ignored.get(name) ?? 0) + times);
  }

  /** Something was corrected or taken for granted; told once at the end. `%n` in the message is how often. */
  note(message: string, times = 1): void {
    // Some quote names of the file, of which there is no end.
    if (this.#notes.size >= NOTES && !this.#notes.has(message)) {
      this.#moreNotes += times;
      return;
    }
    this.#notes.set(message, (this.#notes.get(message) ?? 0) + times);
  }

  /** Minutes east of UTC for times without a zone; what was taken for granted is noted. */
  utcOffset(): number {
    const given = this.#options.utcOffsetMinutes;
    if (given === undefined)
      this.note(
        'The file names no time zone, so its times were taken as UTC; give the offset if they are local.',
      );
    return given ?? 0;
  }

  /** A percentage outside 0 to 100 brought back; rounding is not worth a word. */
  percent(value: number): number {
    if (value < -0.5 || value > 100.5)
      this.note('%n percentages were outside 0 to 100 and were set to the nearer end.');
    return value < 0 ? 0 : 100;
  }

  /** To be called between pieces of the file. @throws CANCELLED */
  *handOver(): Generator<CollectedItem> {
    throwIfCancelled(this.#options.signal);
    if (this.#problems.length >= PROBLEMS_FULL) yield* this.#takeProblems();
    if (this.series.full) yield* this.series.drain();
    const done = this.#input.position?.() ?? 0;
    if (done - this.#reported >= REPORT_EVERY) {
      this.#reported = done;
      yield { kind: 'position', doneBytes: done };
    }
  }

  /** The last items. @throws IMPORT_DAMAGED where no sample was found */
  *finish(): Generator<CollectedItem> {
    const { samples, refused } = this.series;
    yield* this.series.drain();
    if (this.#ignoredCount > 0) this.problem(0, this.#ignoredSummary());
    for (const [message, times] of this.#notes) this.problem(0, message.replaceAll('%n', String(times)));
    if (this.#moreNotes > 0)
      this.problem(0, `${plural(this.#moreNotes, 'more remark')} of the same kinds were left out.`);
    if (refused > 0)
      this.problem(
        0,
        'The file has more servers or series than can be kept at once; the last ones were left out.',
      );
    const repeated = this.series.duplicates;
    if (repeated > 0)
      this.problem(
        0,
        `${plural(repeated, 'sample')} had the time of an earlier one and ${repeated === 1 ? 'was' : 'were'} left out.`,
      );
    const unmeasured = this.series.unmeasured();
    if (unmeasured.length > 0 && samples > 0)
      this.problem(
        0,
        `No figure was found for ${plural(unmeasured.length, 'server')} of the file, left out therefore: ${listed(unmeasured, NAMES)}.`,
      );
    yield* this.#takeProblems();
    yield { kind: 'position', doneBytes: this.#input.size };
    if (samples === 0)
      throw new IronliftError('IMPORT_DAMAGED', `Nothing in ${this.#input.name} could be used.`, {
        next: 'Check that it is complete and that it measures processors, memory, disks or networks.',
      });
  }

  *#takeProblems(): Generator<CollectedItem> {
    const problems = this.#problems;
    this.#problems = [];
    yield* problems;
  }

  #ignoredSummary(): string {
    const names = [...this.#ignored].sort((a, b) => b[1] - a[1]).slice(0, NAMES);
    const more = this.#ignored.size > NAMES ? ' and others' : '';
    const are =
      this.#ignoredCount === 1
        ? 'has no place in an assessment and was'
        : 'have no place in an assessment and were';
    return `${plural(this.#ignoredCount, 'column or record', 'columns or records')} ${are} left out: ${names.map(([name]) => name).join(', ')}${more}.`;
  }
}

/** Of files that do not say whose they are. @throws IMPORT_NEEDS_ANSWER */
export function serverNameOf(input: ImportInput, options: ImportOptions): string {
  const name = options.serverName?.trim() ?? '';
  if (name !== '') return name;
  throw new IronliftError('IMPORT_NEEDS_ANSWER', `${input.name} does not say of which server it is.`, {
    next: 'Give the name of the server.',
    data: { option: 'serverName' },
  });
}

/** Milliseconds since 1970, of files that write no times. @throws IMPORT_NEEDS_ANSWER */
export function startTimeOf(input: ImportInput, options: ImportOptions): number {
  if (options.startTime !== undefined) return options.startTime;
  throw new IronliftError('IMPORT_NEEDS_ANSWER', `${input.name} does not say when it was recorded.`, {
    next: 'Give the time of its first sample.',
    data: { option: 'startTime' },
  });
}

/** Seconds. @throws IMPORT_NEEDS_ANSWER */
export function intervalOf(input: ImportInput, options: ImportOptions): number {
  const seconds = options.intervalSeconds ?? 0;
  if (seconds > 0) return seconds;
  throw new IronliftError(
    'IMPORT_NEEDS_ANSWER',
    `${input.name} does not say how far its samples are apart.`,
    {
      next: 'Give the number of seconds between two samples.',
      data: { option: 'intervalSeconds' },
    },
  );
}
