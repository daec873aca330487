/**
 * Waves as a table that is edited in a spreadsheet and read back: who is in which wave, with notes. Everything else of the
 * plan is reckoned anew, so that dates, durations and risks are those of the edited waves. What the reader cannot use is
 * told line by line; an edit that breaks a condition stays, and is answered for among the problems.
 */
import {
  BYTE_ORDER_MARK,
  csvLine,
  inert,
  readCsv,
  verbatim,
  type CsvRow,
  type CsvSource,
  type Separator,
} from '../../base/csv-table.ts';
import { IronliftError } from '../../base/errors.ts';
import { listed, plural } from '../../base/text.ts';
import type { ServerId } from '../../store/engagement.ts';
import type { WavePlan } from '../model/waves.ts';
import {
  assignmentOf,
  MAX_WAVE,
  plannersOwn,
  planWaves,
  rebuildWaves,
  type WavesInput,
} from './plan-waves.ts';

export interface ExportOptions {
  /** `;` for spreadsheets of countries whose decimal sign is the comma. */
  separator?: Separator;
  notes?: ReadonlyMap<ServerId, string>;
}

export interface ImportedWaves {
  /** Of the edited waves. */
  plan: WavePlan;
  waveOf: Map<ServerId, number>;
  /**
   * Of servers whose wave was edited: what to keep as decided by hand, null for no wave, undefined where the edit puts it
   * back to where the planner has it. All others stay as they are, so that the planner may still move what nobody touched.
   */
  edits: Map<ServerId, number | null | undefined>;
  /** Servers whose note was read, blank ones too. */
  noted: Set<ServerId>;
  /** Those that are not blank. */
  notes: Map<ServerId, string>;
  /** Rows and cells that could not be used, and what was done instead. Line 0: of the table as a whole. */
  problems: { line: number; text: string }[];
}

const HEADINGS = [
  'Server',
  'Name',
  'Wave',
  'Notes',
  'Kind',
  'Starts',
  'Ends',
  'Priority',
  'Method',
  'Copy minutes',
  'Test minutes',
  'Why',
] as const;

/** What a cell of a spreadsheet holds. */
const MAX_NOTE = 32_767;
/** How a table is refused. */
export const WAVES_TABLE: CsvSource = {
  name: 'the table',
  code: 'WAVES_INVALID',
  next: 'Export the waves again, change only the columns Wave and Notes, and save as CSV.',
};

/** UTF-8 is told by a byte order mark, without which spreadsheets take it for something else. */
export function exportWaves(
  plan: WavePlan,
  { separator = ',', notes = new Map() }: ExportOptions = {},
): string {
  const rows: string[][] = [[...HEADINGS]];
  for (const { number, kind, starts, ends, members } of plan.waves) {
    for (const { server, name, priority, method, copyMinutes, testMinutes, why } of members)
      rows.push([
        String(server),
        name,
        String(number),
        notes.get(server) ?? '',
        kind,
        starts ?? '',
        ends ?? '',
        String(priority),
        method,
        String(copyMinutes),
        String(testMinutes),
        why,
      ]);
  }
  for (const { server, name, why } of plan.outside)
    rows.push([String(server), name, '', notes.get(server) ?? '', '', '', '', '', '', '', '', why]);
  return BYTE_ORDER_MARK + rows.map((cells) => csvLine(cells.map(inert), separator)).join('');
}

/**
 * @param former what is kept for servers whose row is missing or cannot be used; absent: the planner's own waves
 * @throws WAVES_INVALID for what is no table of waves
 */
export function importWaves(
  bytes: Uint8Array,
  input: WavesInput,
  former: ReadonlyMap<ServerId, number> = assignmentOf(planWaves(input)),
): ImportedWaves {
  const { rows, remarks } = readCsv(bytes, WAVES_TABLE);
  const head = rows.findIndex((row) => !isBlank(row));
  const columns = head === -1 ? null : columnsOf(rows[head]!.cells);
  if (columns === null)
    throw new IronliftError(
      WAVES_TABLE.code,
      'The file has no row of headings with a column Wave and a column Server or Name.',
      { next: WAVES_TABLE.next },
    );
  const reader = new Reader(input, former, remarks);
  for (const row of rows.slice(head + 1)) reader.row(row, columns);
  return reader.finish();
}

interface Columns {
  server: number;
  name: number;
  wave: number;
  notes: number;
}

const isBlank = ({ cells }: Pick<CsvRow, 'cells'>): boolean => cells.every((cell) => cell.trim() === '');

function columnsOf(cells: readonly string[]): Columns | null {
  const names = cells.map((cell) => verbatim(cell).trim().toLowerCase());
  const [server, name, wave, notes] = ['server', 'name', 'wave', 'notes'].map((one) =>
    names.indexOf(one),
  ) as [number, number, number, number];
  return wave === -1 || (server === -1 && name === -1) ? null : { server, name, wave, notes };
}

class Reader {
  readonly #input: WavesInput;
  readonly #former: ReadonlyMap<ServerId, number>;
  readonly #names = new Map<string, ServerId[]>();
  readonly #nameOf = new Map<ServerId, string>();
  /** null: blank, in no wave. */
  readonly #read = new Map<ServerId, number | null>();
  readonly #seen = new Map<ServerId, number>();
  readonly #noted = new Set<ServerId>();
  readonly #notes = new Map<ServerId, string>();
  readonly #problems: { line: number; text: string }[] = [];

  constructor(input: WavesInput, former: ReadonlyMap<ServerId, number>, remarks: readonly string[]) {
    for (const remark of remarks) this.#problem(0, remark);
    this.#input = input;
    this.#former = former;
    for (const { id, name } of input.facts) {
      this.#nameOf.set(id, name);
      const key = nameKey(name);
      this.#names.set(key, [...(this.#names.get(key) ?? []), id]);
    }
  }

  row({ line, cells }: CsvRow, columns: Columns): void {
    if (isBlank({ cells })) return;
    const at = (column: number): string => verbatim(cells[column] ?? '');
    const server = this.#server(line, at(columns.server), at(columns.name));
    if (server === null) return;
    const wave = this.#wave(line, server, at(columns.wave));
    const before = this.#seen.get(server);
    if (before === undefined) {
      this.#seen.set(server, line);
      if (wave !== undefined) this.#read.set(server, wave);
    } else this.#twice(line, before, server, wave);
    if (columns.notes !== -1) this.#noted.add(server);
    const note = at(columns.notes);
    if (note === '') return;
    if (note.length > MAX_NOTE)
      this.#problem(
        line,
        `The note on ${this.#nameOf.get(server)!} is longer than ${MAX_NOTE} characters and was cut.`,
      );
    const kept = this.#notes.get(server);
    const cut = note.slice(0, MAX_NOTE);
    // Of two rows of one server both notes stay.
    this.#notes.set(server, kept === undefined || kept === cut ? cut : `${kept}\n${cut}`.slice(0, MAX_NOTE));
  }

  finish(): ImportedWaves {
    const waveOf = new Map<ServerId, number>();
    const missing: string[] = [];
    const edits = new Map<ServerId, number | null | undefined>();
    const own = plannersOwn(this.#input);
    for (const { id, name } of this.#input.facts) {
      if (!this.#seen.has(id)) missing.push(name);
      const read = this.#read.get(id);
      const wave = read === undefined ? this.#former.get(id) : read;
      if (read !== undefined && read !== (this.#former.get(id) ?? null))
        edits.set(id, read === (own.get(id) ?? null) ? undefined : read);
      if (wave !== undefined && wave !== null) waveOf.set(id, wave);
    }
    if (missing.length > 0)
      this.#problem(
        0,
        `${plural(missing.length, 'server')} without a row of ${missing.length === 1 ? 'its' : 'their'} own stayed as before: ${listed(missing)}.`,
      );
    const plan = rebuildWaves(this.#input, waveOf);
    const told = this.#problems.map(({ line, text }) => (line === 0 ? text : `Line ${line}: ${text}`));
    return {
      plan: { ...plan, problems: [...told, ...plan.problems] },
      waveOf,
      edits,
      noted: this.#noted,
      notes: this.#notes,
      problems: this.#problems,
    };
  }

  #problem(line: number, text: string): void {
    this.#problems.push({ line, text });
  }

  #server(line: number, id: string, name: string): ServerId | null {
    const key = nameKey(name);
    const named = this.#names.get(key) ?? [];
    const number = wholeNumber(id);
    if (number !== null && this.#nameOf.has(number)) {
      const own = this.#nameOf.get(number)!;
      // Spreadsheets turn names like 007 or 1E5 into other numbers: the number of the server counts.
      if (key !== '' && key !== nameKey(own))
        this.#problem(
          line,
          named.length > 0
            ? `Server ${number} is ${own}, but the row names ${name}, which is another server; it was taken as ${own}. If only some columns were sorted, export again.`
            : `Server ${number} is ${own}, but the row calls it ${name}; it was taken as ${own}.`,
        );
      return number;
    }
    if (named.length === 1) {
      if (id.trim() !== '')
        this.#problem(
          line,
          `There is no server ${id.trim()}; the row was taken as that of ${name}, by its name.`,
        );
      return named[0]!;
    }
    this.#problem(
      line,
      named.length > 1
        ? `${name} is the name of ${named.length} servers, and the column Server does not say which; the row was left out.`
        : id.trim() === '' && key === ''
          ? 'The row names no server and was left out.'
          : `There is no server ${[id.trim(), name].filter((one) => one !== '').join(' ')} here; the row was left out.`,
    );
    return null;
  }

  /** undefined: cannot be used. */
  #wave(line: number, server: ServerId, text: string): number | null | undefined {
    if (text.trim() === '') return null;
    const wave = wholeNumber(text);
    if (wave !== null && wave <= MAX_WAVE) return wave;
    this.#problem(
      line,
      `${JSON.stringify(text.slice(0, 40))} is no wave for ${this.#nameOf.get(server)!}: waves are whole numbers from 0 to ${MAX_WAVE}. It stayed ${this.#formerly(server)}.`,
    );
    return undefined;
  }

  #twice(line: number, before: number, server: ServerId, wave: number | null | undefined): void {
    const name = this.#nameOf.get(server)!;
    const first = this.#read.get(server);
    if (wave === undefined || wave === first) {
      this.#problem(line, `${name} has a row already, line ${before}.`);
      return;
    }
    const former = this.#former.get(server) ?? null;
    // The one that was changed is the one that was meant.
    const taken = first === undefined || first === former ? wave : first;
    this.#read.set(server, taken);
    this.#problem(
      line,
      `${name} has a row already, line ${before}, with another wave; it was put ${taken === null ? 'into none' : `into wave ${taken}`}.`,
    );
  }

  #formerly(server: ServerId): string {
    const wave = this.#former.get(server);
    return wave === undefined ? 'in no wave' : `in wave ${wave}`;
  }
}

/** What a name keeps on its way through UTF-8 and a spreadsheet: white space may change, and halves of characters do. */
const nameKey = (name: string): string =>
  Buffer.from(name).toString('utf8').trim().toLowerCase().replace(/\s+/gu, ' ');

/** Spreadsheets may write 3 as `3.0` or `3,0`. */
function wholeNumber(text: string): number | null {
  const match = /^'?(\d{1,15})(?:[.,]0{1,10})?$/u.exec(text.trim());
  return match === null ? null : Number(match[1]);
}
