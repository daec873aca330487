/** Text in the parts of a workbook. */

/** XML has no words for these; a workbook writes them as `_x000B_`, and what looks like that as `_x005F_x000B_`. */

const UNSPEAKABLE = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|_(?=x[0-9a-f]{4}_)/giu;
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string): string => text.replace(/[&<>"]/gu, (character) => ENTITIES[character]!);

/** A string of cells, names and headers. */
export const xmlText = (text: string): string =>
  escaped(
    text
      .toWellFormed()
      .replace(
        UNSPEAKABLE,
        (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`,
      ),
  );

/** A string where that notation is not known: titles of charts, properties of the document. */
export const plainXml = (text: string): string =>
  escaped(text.toWellFormed().replace(/[\u0000-\u001f\ufffe\uffff]/gu, ' '));

export const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** `AB` of 27. */
export function columnName(index: number): string {
  let name = '';
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  return name;
}

/** `B3`; both counted from 0. */
export const cellName = (row: number, column: number): string => `${columnName(column)}${row + 1}`;
/** `$B$3` */
export const fixedCell = (row: number, column: number): string => `$${columnName(column)}$${row + 1}`;
/** `'Plan''s hosts'` */
export const quotedSheet = (name: string): string => `'${name.replaceAll("'", "''")}'`;
