/**
 * What is asked of a PDF that Chromium printed: on which page each named place is, and how many pages there are. Its
 * writer (Skia) leaves everything but streams unpacked and gives each place that a link leads to a name
 * (`/contents-id [12 0 R /XYZ ...]`); a file of another writer has none of this and is refused, never guessed at.
 */
import { IronliftError } from '../../base/errors.ts';

export interface PdfPlaces {
  pages: number;
  /** Page of each name, the first is 1. */
  places: Map<string, number>;
}

/** Deeper trees of pages are no real ones. */
const MAX_DEPTH = 32;

/** @throws PDF_FAILED */
export function placesIn(bytes: Uint8Array): PdfPlaces {
  // One letter a byte: places in the text are places in the file.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const objects = new Map<string, string>();
  for (const match of text.matchAll(/(?:^|\n)(\d{1,9}) 0 obj\r?\n?(.*?)\r?\n?(?:stream\r?\n|endobj)/gsu))
    objects.set(match[1]!, match[2]!);
  const root = /\/Root (\d+) 0 R/u.exec(text.slice(text.lastIndexOf('trailer')))?.[1];
  const catalog = root === undefined ? undefined : objects.get(root);
  const tree = catalog === undefined ? undefined : /\/Pages (\d+) 0 R/u.exec(catalog)?.[1];
  if (catalog === undefined || tree === undefined) throw notUnderstood();
  const order = new Map<string, number>();
  const walk = (id: string, depth: number): void => {
    const object = objects.get(id);
    if (object === undefined || depth > MAX_DEPTH || order.has(id)) throw notUnderstood();
    if (!/\/Type\s*\/Pages\b/u.test(object)) {
      order.set(id, order.size + 1);
      return;
    }
    const kids = /\/Kids\s*\[(.*?)\]/su.exec(object)?.[1] ?? '';
    for (const kid of kids.matchAll(/(\d+) 0 R/gu)) walk(kid[1]!, depth + 1);
  };
  walk(tree, 0);
  const places = new Map<string, number>();
  const names = /\/Dests (\d+) 0 R/u.exec(catalog)?.[1];
  for (const match of (names === undefined ? '' : (objects.get(names) ?? '')).matchAll(
    /\/([^\s/[]+) \[(\d+) 0 R /gu,
  )) {
    const page = order.get(match[2]!);
    if (page !== undefined) places.set(nameOf(match[1]!), page);
  }
  return { pages: order.size, places };
}

/** `#20` stands for a byte. */
const nameOf = (name: string): string =>
  name.replace(/#([0-9a-f]{2})/giu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const notUnderstood = (): IronliftError =>
  new IronliftError('PDF_FAILED', 'The browser wrote a PDF that is built in another way than expected.', {
    next: 'Write the report as HTML and print it from a browser; and tell us the version of the browser.',
  });

/**
 * The same bytes whenever it is printed: the times of printing, which Skia writes in a text of fixed length, become the
 * time of the report, and the name of the browser that printed (with its version and system) becomes that of the program.
 * In place, so that nothing else has to be moved: what a library would do (read it all, write it all anew) would cost the
 * tags or trust in a second writer. Printed twice, nothing else differs (test/migration-core/report/pdf.tools.ts).
 * @param at milliseconds since 1970
 */
export function settle(bytes: Uint8Array, at: number): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const out = Buffer.from(bytes);
  const [day, time] = new Date(at).toISOString().split('T');
  const date = `(D:${day!.replaceAll('-', '')}${time!.slice(0, 8).replaceAll(':', '')}+00'00')`;
  let found = 0;
  // A bracket in a title is written `\(`, and streams are packed: this stands in the description alone.
  for (const match of text.matchAll(/\/(?:CreationDate|ModDate) (\(D:\d{14}\+00'00'\))/gu)) {
    out.write(date, match.index + match[0].length - match[1]!.length, 'latin1');
    found++;
  }
  if (found === 0) throw notUnderstood();
  for (const match of text.matchAll(/\/(Creator|Producer) \(((?:[^\\()]|\\.)*)\)\n/gsu)) {
    const room = match[2]!.length;
    const name = match[1] === 'Creator' ? 'Ironlift' : 'Skia/PDF';
    // What is left of the room comes after the bracket.
    if (room >= name.length)
      out.write(`${name})`.padEnd(room + 1, ' '), match.index + match[1]!.length + 3, 'latin1');
  }
  return out;
}
