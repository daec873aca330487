/** Names of sheets and of named tables, within what Excel takes. */
import { clip } from '../data/cells.ts';

const MAX_SHEET_NAME = 31;

/** `windows-licences` becomes `Windows licences`; different from all `taken`, to which it is added. */
export function sheetName(id: string, taken: Set<string>): string {
  const words = id.replace(/[-[\]:*?/\\\p{C}\s]+/gu, ' ').replace(/^[' ]+|[' ]+$/gu, '');
  // Excel keeps this name for itself.
  const base = words === '' ? 'Sheet' : words.toLowerCase() === 'history' ? 'History of it' : words;
  const title = base[0]!.toUpperCase() + base.slice(1);
  let name = clip(title, MAX_SHEET_NAME).trimEnd();
  for (let again = 2; taken.has(name.toLowerCase()); again++) {
    const end = ` (${again})`;
    name = clip(title, MAX_SHEET_NAME - end.length).trimEnd() + end;
  }
  taken.add(name.toLowerCase());
  return name;
}

/** `Ironlift_windows_licences`: no cell of any sheet is called like that. */
export const tableName = (id: string): string => `Ironlift_${id.replace(/[^A-Za-z0-9]+/gu, '_')}`;
