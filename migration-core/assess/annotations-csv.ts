/**
 * What people say of servers, as a table for a spreadsheet: written for a customer to fill in, and read again with a
 * sentence for each cell that is not understood. Empty cells change nothing, `-` takes back, and either all of the table
 * is taken or nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  BYTE_ORDER_MARK,
  csvLine,
  readCsv,
  type CsvRow,
  type CsvSource,
  type Separator,
} from '../base/csv-table.ts';
import { IronliftError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import type { EngagementFile, ServerId, ServerSummary } from '../store/engagement.ts';
import { serverAnnotations, type ServerAnnotations } from '../store/model/annotations.ts';
import { comparableName } from '../store/model/identity.ts';
import { cellOf, COLUMNS, readCell, valueAt, withValue, type Column } from './annotations/columns.ts';
import { text } from './annotations/kinds.ts';

/** Who it is: both are written; either will do where it names one server only. */
const ID = 'id';
const SERVER = 'server';
/** Columns of the customer's own begin with it. */
const OWN_MARK = '#';
/** Listed; the others are counted. */
const MAX_PROBLEMS = 1000;
/** Characters of a cell in a sentence. */
const SHOWN = 60;

/** How a file that is no table of servers is refused. */
export const annotationsSource = (fileName: string): CsvSource => ({
  name: fileName,
  code: 'ANNOTATIONS_INVALID',
  next: 'Give the table that `ironlift servers export` has made, saved as CSV by the spreadsheet program.',
});

/** A row for each server in the order of the list, piece by piece. */
export function* annotationsTable(engagement: EngagementFile, separator: Separator = ','): Generator<string> {
  yield BYTE_ORDER_MARK + csvLine([ID, SERVER, ...COLUMNS.map(({ name }) => name)], separator);
  for (const { id, identity } of engagement.servers()) {
    const annotations = engagement.annotations(id);
    const said = COLUMNS.map((column) => cellOf(column, valueAt(annotations, column.path)));
    yield csvLine([String(id), cellOf({ kind: text }, identity.name), ...said], separator);
  }
}

export interface AnnotationChange {
  server: ServerId;
  name: string;
  line: number;
  column: string;
  /** As in the table; '' for nothing. */
  before: string;
  after: string;
}

export interface AnnotationProblem {
  line: number;
  /** null: the whole line. */
  column: string | null;
  /** What is wrong and what is allowed. */
  message: string;
}

export interface AnnotationsReading {
  /** Servers that have a row. */
  servers: number;
  changes: AnnotationChange[];
  /** The first 1000. */
  problems: AnnotationProblem[];
  problemCount: number;
  remarks: string[];
  /** New annotations of the servers that change. */
  annotations: ReadonlyMap<ServerId, ServerAnnotations>;
}

/**
 * What the table would change; nothing is written.
 * @throws ANNOTATIONS_INVALID where it is no table of servers at all
 */
export function readAnnotationsTable(
  bytes: Uint8Array,
  fileName: string,
  engagement: EngagementFile,
): AnnotationsReading {
  const { rows, remarks } = readCsv(bytes, annotationsSource(fileName));
  const [head, ...body] = rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
  const reader = new TableReader(engagement);
  const columns = reader.headings(head, fileName);
  for (const row of body) reader.row(row, columns);
  return { ...reader.result, remarks };
}

/** Writes it, all or nothing. @throws ANNOTATIONS_INVALID where there are problems, ENGAGEMENT_READ_ONLY, ENGAGEMENT_FULL */
export function applyAnnotations(engagement: EngagementFile, reading: AnnotationsReading): void {
  if (reading.problemCount > 0) throw refused(reading.problemCount);
  engagement.transaction(() => {
    for (const [server, annotations] of reading.annotations) engagement.putAnnotations(server, annotations);
  });
}

export const refused = (problems: number): IronliftError =>
  new IronliftError(
    'ANNOTATIONS_INVALID',
    `${plural(problems, 'cell or line', 'cells or lines')} of the table cannot be used, so nothing of it was taken.`,
    { next: 'Correct them in the spreadsheet, save it, and give the table again.', data: { problems } },
  );

type Heading = Column | typeof ID | typeof SERVER | null;

class TableReader {
  readonly result = {
    servers: 0,
    changes: [] as AnnotationChange[],
    problems: [] as AnnotationProblem[],
    problemCount: 0,
    annotations: new Map<ServerId, ServerAnnotations>(),
  };
  readonly #engagement: EngagementFile;
  readonly #byId: ReadonlyMap<string, ServerSummary>;
  readonly #byName: ReadonlyMap<string, ServerSummary[]>;
  readonly #lines = new Map<ServerId, number>();

  constructor(engagement: EngagementFile) {
    const servers = engagement.servers();
    this.#engagement = engagement;
    this.#byId = new Map(servers.map((server) => [String(server.id), server]));
    this.#byName = Map.groupBy(servers, ({ identity }) => comparableName(identity.name));
  }

  #problem(line: number, column: string | null, message: string): void {
    this.result.problemCount++;
    if (this.result.problems.length < MAX_PROBLEMS) this.result.problems.push({ line, column, message });
  }

  headings(head: CsvRow | undefined, fileName: string): Heading[] {
    const names = (head?.cells ?? []).map((cell) => cell.trim().toLowerCase());
    if (head === undefined || !(names.includes(SERVER) || names.includes(ID)))
      throw new IronliftError(
        'ANNOTATIONS_INVALID',
        `${fileName} has no column "${SERVER}" and none "${ID}" in its first row, so it does not say which servers it is about.`,
        { next: 'Begin with the table that `ironlift servers export` makes, and keep its first row.' },
      );
    const byName = new Map<string, Heading>(COLUMNS.map((column) => [column.name, column]));
    byName.set(ID, ID).set(SERVER, SERVER);
    return names.map((name, at) => {
      if (name === '' || name.startsWith(OWN_MARK)) return null;
      const found = byName.get(name.replace(/[\s-]+/gu, '_'));
      if (found === undefined) {
        this.#problem(
          head.line,
          name,
          `"${shown(name)}" is no column of this table; put ${OWN_MARK} before the name of a column of your own.`,
        );
        return null;
      }
      if (names.indexOf(name) < at) {
        this.#problem(head.line, name, `The column "${name}" is there twice; leave one.`);
        return null;
      }
      return found;
    });
  }

  row({ line, cells }: CsvRow, headings: readonly Heading[]): void {
    if (cells.slice(headings.length).some((cell) => cell.trim() !== ''))
      this.#problem(
        line,
        null,
        `The line has ${cells.length} cells, and the first row ${headings.length}: a separator is in a cell without quotation marks around it.`,
      );
    const server = this.#serverOf(line, cells, headings);
    if (server === null) return;
    const before = this.#lines.get(server.id);
    if (before !== undefined) {
      this.#problem(line, null, `${server.identity.name} is in line ${before} already; leave one of them.`);
      return;
    }
    this.#lines.set(server.id, line);
    this.result.servers++;
    this.#change(line, server, cells, headings);
  }

  #change(line: number, server: ServerSummary, cells: readonly string[], headings: readonly Heading[]): void {
    const known = this.#engagement.annotations(server.id);
    let next = known;
    const changed: Column[] = [];
    for (const [at, column] of headings.entries()) {
      if (column === null || typeof column === 'string') continue;
      const cell = cells[at] ?? '';
      const reading = readCell(column, cell);
      if (reading.kind === 'blank') continue;
      if (reading.kind === 'wrong') {
        this.#problem(line, column.name, `"${shown(cell)}" is not understood; write ${column.kind.allowed}.`);
        continue;
      }
      const value = reading.kind === 'value' ? reading.value : undefined;
      if (isDeepStrictEqual(value, valueAt(known, column.path))) continue;
      next = withValue(next, column.path, value);
      changed.push(column);
    }
    if (changed.length === 0) return;
    const checked = serverAnnotations.safeParse(next);
    if (!checked.success) {
      this.#explain(line, checked.error.issues);
      return;
    }
    this.result.annotations.set(server.id, checked.data);
    for (const column of changed)
      this.result.changes.push({
        server: server.id,
        name: server.identity.name,
        line,
        column: column.name,
        before: cellOf(column, valueAt(known, column.path)),
        after: cellOf(column, valueAt(checked.data, column.path)),
      });
  }

  /** What the model does not allow though each cell for itself was understood. */
  #explain(line: number, issues: readonly { path: PropertyKey[] }[]): void {
    const columns = issues.map(({ path: [key, part] }) =>
      COLUMNS.find(({ path }) => path[0] === key && (path[1] === undefined || path[1] === part)),
    );
    for (const column of new Set(columns)) {
      const group = column?.path[1] === undefined ? undefined : column.path[0];
      const others = COLUMNS.filter(({ path }) => path[0] === group).map(({ name }) => name);
      this.#problem(
        line,
        column?.name ?? null,
        column === undefined
          ? 'The line says something that is not allowed.'
          : others.length === 0
            ? `That is not allowed; write ${column.kind.allowed}.`
            : `That is missing or not allowed: ${others.join(', ')} belong together. Write ${column.kind.allowed} or - in all of them.`,
      );
    }
  }

  #serverOf(line: number, cells: readonly string[], headings: readonly Heading[]): ServerSummary | null {
    const cell = (heading: typeof ID | typeof SERVER): string => cells[headings.indexOf(heading)] ?? '';
    const id = headings.includes(ID) ? cell(ID).trim() : '';
    const name = headings.includes(SERVER) ? nameIn(cell(SERVER)) : null;
    if (id !== '') {
      const found = this.#byId.get(id);
      if (found === undefined) {
        this.#problem(
          line,
          ID,
          `There is no server ${shown(id)} in the engagement; it may have been merged or removed. Leave the cell empty to go by the name.`,
        );
        return null;
      }
      if (
        name !== null &&
        found.identity.name !== name &&
        comparableName(found.identity.name) !== comparableName(name)
      ) {
        this.#problem(
          line,
          SERVER,
          `Server ${id} is ${shown(found.identity.name)}, not ${shown(name)}; the rows were mixed up, or the table is of another engagement. Leave the id empty to go by the name.`,
        );
        return null;
      }
      return found;
    }
    if (name === null) {
      this.#problem(line, null, 'The line names no server.');
      return null;
    }
    const alike = this.#byName.get(comparableName(name)) ?? [];
    const exact = alike.filter(({ identity }) => identity.name === name);
    const [found, ...more] = exact.length > 0 ? exact : alike;
    if (found !== undefined && more.length === 0) return found;
    this.#problem(
      line,
      SERVER,
      found === undefined
        ? `There is no server ${shown(name)} in the engagement.`
        : `${plural(more.length + 1, 'server')} are called ${shown(name)}; write which one into the column "${ID}": ${[
            found,
            ...more,
          ]
            .slice(0, 10)
            .map((one) => one.id)
            .join(' or ')}.`,
    );
    return null;
  }
}

/** null: none. A server may be called `-`. */
function nameIn(cell: string): string | null {
  const reading = readCell({ kind: text }, cell);
  if (reading.kind === 'blank') return null;
  return reading.kind === 'value' ? String(reading.value) : cell.trim();
}

const shown = (given: string): string => (given.length <= SHOWN ? given : `${given.slice(0, SHOWN - 1)}…`);
