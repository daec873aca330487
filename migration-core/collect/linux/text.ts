/** Small readers that all parts of the inventory of a Unix server share. They return undefined where there is nothing. */
import type { Section } from './sections.ts';

export type Sections = ReadonlyMap<string, Section>;

/** What a tool printed; '' where it did not run or said nothing. */
export const textOf = (sections: Sections, name: string): string => sections.get(name)?.text ?? '';

/** A file of the server. */
export const fileOf = (sections: Sections, path: string): string => textOf(sections, `file:${path}`);

/** Lines without their ends; empty ones are left away. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
    .filter((line) => line !== '');

/** The first line of a file, trimmed. */
export function firstLine(text: string): string | undefined {
  const end = text.indexOf('\n');
  return usable(end < 0 ? text : text.slice(0, end));
}

/** A text that says something, trimmed. */
export function usable(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? undefined : trimmed;
}

/** A whole number that is not negative and safe, or undefined. */
export function wholeNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (!/^\d{1,16}$/u.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A size in bytes; undefined where there is none, or where it is more than any machine has and no exact number. */
export const safeBytes = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/** `path TAB value`, as `facts` and `places` of the script print them. Lines without a tab are left to `pathsOf`. */
export function factsOf(text: string): Map<string, string> {
  const facts = new Map<string, string>();
  for (const line of linesOf(text)) {
    const tab = line.indexOf('\t');
    if (tab > 0 && !facts.has(line.slice(0, tab))) facts.set(line.slice(0, tab), line.slice(tab + 1).trim());
  }
  return facts;
}

/** Lines that are a path and nothing else, as `names` of the script prints them. */
export const pathsOf = (text: string): string[] =>
  linesOf(text).filter((line) => line.startsWith('/') && !line.includes('\t'));

/** Facts below `folder/NAME/`, one map of relative paths for each NAME, in the order of their first line. */
export function byEntry(
  facts: ReadonlyMap<string, string>,
  folder: string,
): Map<string, Map<string, string>> {
  const entries = new Map<string, Map<string, string>>();
  for (const [path, value] of facts) {
    if (!path.startsWith(`${folder}/`)) continue;
    const rest = path.slice(folder.length + 1);
    const slash = rest.indexOf('/');
    const name = slash < 0 ? rest : rest.slice(0, slash);
    let entry = entries.get(name);
    if (entry === undefined) entries.set(name, (entry = new Map<string, string>()));
    entry.set(slash < 0 ? '' : rest.slice(slash + 1), value);
  }
  return entries;
}

/** Drops what is undefined, so that "unknown" is a missing part in the file too. */
export function known<T extends object>(parts: T): T {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T;
}
