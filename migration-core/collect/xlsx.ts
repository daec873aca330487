/**
 * Rows of .xlsx workbooks (ECMA-376 part 1, 18.2 and 18.3) that strangers made: streamed, cell for cell as text. The
 * usual libraries unpack a workbook whole, whatever it claims to hold; an export of 20,000 machines would fill a laptop.
 */
import { SaxesParser } from 'saxes';
import { IronliftError } from '../base/errors.ts';
import { openZip, type ZipArchive } from './zip.ts';

/** Of one sheet or of the strings, unpacked bytes: 20,000 machines of 100 columns are 200 MiB. Sheets are streamed. */
const MAX_XML = 512 << 20;
/** Characters of all shared strings together. */
const MAX_STRINGS = 48 << 20;
/** The limits of Excel itself. */
const MAX_COLUMNS = 16_384;
const MAX_CELL = 32_767;
/** Bytes of XML without any tag: a text that long is no cell. */
const MAX_TEXT = 4 << 20;
/** Columns of a row that are kept; exports have a hundred or two. */
const KEPT_COLUMNS = 1000;
const MAX_SHEETS = 500;
/** Elements inside each other; a cell with formatted text has seven. The parser holds all that are open. */
const MAX_DEPTH = 256;

export interface Sheet {
  name: string;
  /** Cells by column; '' where there is none. Numbers as written, times as serial numbers, booleans TRUE and FALSE. */
  rows(): AsyncIterable<string[]>;
}

/** @throws IMPORT_DAMAGED, IMPORT_NOT_SUPPORTED (too large, encrypted, older .xls) */
export async function openWorkbook(bytes: Buffer, what: string): Promise<Sheet[]> {
  const archive = openZip(bytes, what);
  const relations = new Map<string, string>();
  await drain(
    events(archive, 'xl/_rels/workbook.xml.rels', what, {
      open(name, attributes) {
        if (name !== 'Relationship' || relations.size > MAX_SHEETS) return;
        const { Id, Target } = attributes;
        if (Id !== undefined && Target !== undefined) relations.set(Id, Target);
      },
    }),
  );
  const named: { name: string; path: string }[] = [];
  await drain(
    events(archive, 'xl/workbook.xml', what, {
      open(name, attributes) {
        if (name !== 'sheet' || named.length >= MAX_SHEETS) return;
        const target = relations.get(attributes['r:id'] ?? attributes['id'] ?? '');
        if (target === undefined) return;
        // Targets are relative to xl/, or absolute in the package.
        const path = target.startsWith('/') ? target.slice(1) : `xl/${target}`;
        named.push({ name: attributes['name'] ?? '', path });
      },
    }),
  );
  if (named.length === 0) throw damaged(what, 'it has no sheets');
  let strings: Promise<string[]> | null = null;
  return named.map(({ name, path }) => ({
    name,
    rows: () => {
      strings ??= sharedStrings(archive, what);
      return sheetRows(archive, path, what, strings);
    },
  }));
}

async function sharedStrings(archive: ZipArchive, what: string): Promise<string[]> {
  const strings: string[] = [];
  const path = 'xl/sharedStrings.xml';
  if (!archive.entries.some(({ name }) => name === path)) return strings;
  let total = 0;
  let current: string | null = null;
  let isText = false;
  let isPhonetic = false;
  await drain(
    events(archive, path, what, {
      open(name) {
        if (name === 'si') current = '';
        else if (name === 't') isText = true;
        else if (name === 'rPh') isPhonetic = true;
      },
      text(text) {
        if (current !== null && isText && !isPhonetic && current.length < MAX_CELL)
          current += text.slice(0, MAX_CELL);
      },
      close(name) {
        if (name === 't') isText = false;
        else if (name === 'rPh') isPhonetic = false;
        else if (name === 'si' && current !== null) {
          // An entry costs memory even where it is empty.
          total += current.length + 16;
          if (total > MAX_STRINGS) throw tooLarge(what);
          strings.push(current.slice(0, MAX_CELL));
          current = null;
        }
      },
    }),
  );
  return strings;
}

interface Cell {
  column: number;
  type: string;
  value: string;
}

async function* sheetRows(
  archive: ZipArchive,
  path: string,
  what: string,
  shared: Promise<string[]>,
): AsyncGenerator<string[]> {
  const strings = await shared;
  let ready: string[][] = [];
  let row: string[] | null = null;
  let cell: Cell | null = null;
  let isValue = false;
  const handlers: Handlers = {
    open(name, attributes) {
      if (name === 'row') row = [];
      else if (name === 'c' && row !== null)
        cell = { column: columnOf(attributes['r']) ?? row.length, type: attributes['t'] ?? 'n', value: '' };
      else if (name === 'v' || name === 't') isValue = cell !== null;
    },
    text(text) {
      if (isValue && cell !== null && cell.value.length < MAX_CELL) cell.value += text.slice(0, MAX_CELL);
    },
    close(name) {
      if (name === 'v' || name === 't') isValue = false;
      else if (name === 'c' && row !== null && cell !== null) {
        put(row, cell, strings);
        cell = null;
      } else if (name === 'row' && row !== null) {
        if (row.some((value) => value !== '')) ready.push(row);
        row = null;
      }
    },
  };
  const source = events(archive, path, what, handlers);
  try {
    while ((await source.next()).done !== true) {
      yield* ready;
      ready = [];
    }
    yield* ready;
  } finally {
    await source.return(undefined);
  }
}

function put(row: string[], cell: Cell, strings: string[]): void {
  if (cell.column >= KEPT_COLUMNS) return;
  while (row.length < cell.column) row.push('');
  const value = cell.value.slice(0, MAX_CELL);
  if (cell.type === 's') row[cell.column] = strings[Number(value)] ?? '';
  else if (cell.type === 'b') row[cell.column] = value === '1' ? 'TRUE' : 'FALSE';
  // `#N/A` and the like are no values.
  else row[cell.column] = cell.type === 'e' ? '' : value;
}

/** `AB12`: columns count A to Z, AA to ZZ, AAA to XFD. */
function columnOf(reference: string | undefined): number | null {
  const letters = /^[A-Z]{1,3}/u.exec(reference ?? '')?.[0];
  if (letters === undefined) return null;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column <= MAX_COLUMNS ? column - 1 : null;
}

interface Handlers {
  /** Names without their prefix. */
  open?(name: string, attributes: Record<string, string>): void;
  text?(text: string): void;
  close?(name: string): void;
}

async function drain(source: AsyncGenerator<void>): Promise<void> {
  while ((await source.next()).done !== true);
}

/** Parses one file of the package; yields after each piece of it, so that what was read so far can be handed on. */
async function* events(
  archive: ZipArchive,
  path: string,
  what: string,
  handlers: Handlers,
): AsyncGenerator<void> {
  const entry = archive.entries.find(({ name }) => name.toLowerCase() === path.toLowerCase());
  if (entry === undefined) throw damaged(what, `it has no ${path}`);
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false });
  let sinceTag = 0;
  let depth = 0;
  const local = (name: string): string => name.slice(name.indexOf(':') + 1);
  parser.on('opentag', ({ name, attributes }) => {
    sinceTag = 0;
    if (++depth > MAX_DEPTH) throw damaged(what, `${path} nests without end`);
    handlers.open?.(local(name), attributes);
  });
  parser.on('closetag', ({ name }) => {
    sinceTag = 0;
    depth--;
    handlers.close?.(local(name));
  });
  parser.on('text', (text) => handlers.text?.(text));
  parser.on('cdata', (text) => handlers.text?.(text));
  parser.on('doctype', () => {
    throw damaged(what, `${path} declares entities`);
  });
  parser.on('error', (cause) => {
    throw damaged(what, `${path} is not well-formed`, cause);
  });
  const decoder = new TextDecoder('utf-8');
  for await (const piece of archive.read(entry, MAX_XML)) {
    sinceTag += piece.length;
    parser.write(decoder.decode(piece, { stream: true }));
    if (sinceTag > MAX_TEXT) throw tooLarge(what);
    yield;
  }
  parser.write(decoder.decode());
  parser.close();
  yield;
}

const damaged = (what: string, why: string, cause?: unknown): IronliftError =>
  new IronliftError('IMPORT_DAMAGED', `${what} is no workbook that can be read: ${why}.`, {
    next: 'Export it again, as an Excel workbook (.xlsx).',
    cause,
  });

const tooLarge = (what: string): IronliftError =>
  new IronliftError('IMPORT_NOT_SUPPORTED', `${what} holds more than an export of a data centre does.`, {
    next: 'Check where the file comes from, or export it in parts.',
  });
