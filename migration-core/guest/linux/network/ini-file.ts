/**
 * `[Section]` files of NetworkManager (keyfiles) and systemd (.network, .netdev, .link). A key may be given several
 * times, a section too. Lines are counted so that one value can be replaced and all else stays as it is.
 */

export interface IniEntry {
  section: string;
  key: string;
  value: string;
  /** 0-based. */
  line: number;
}

/** Lines that are no entry, section or comment are passed over, as the programs that read such files do. */
export function parseIni(text: string): IniEntry[] {
  const entries: IniEntry[] = [];
  let section = '';
  for (const [line, raw] of text.split('\n').entries()) {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    if (trimmed.startsWith('[')) {
      section = trimmed.endsWith(']') ? trimmed.slice(1, -1) : '';
      continue;
    }
    const equals = trimmed.indexOf('=');
    if (equals <= 0) continue;
    const key = trimmed.slice(0, equals).trimEnd();
    entries.push({ section, key, value: trimmed.slice(equals + 1).trimStart(), line });
  }
  return entries;
}

/** Of a key given several times, the last. */
export function iniValue(entries: readonly IniEntry[], section: string, key: string): string | null {
  return entries.findLast((entry) => entry.section === section && entry.key === key)?.value ?? null;
}

/** All values of a key, those of several lines and those of one line with spaces between. */
export function iniWords(entries: readonly IniEntry[], section: string, key: string): string[] {
  return entries
    .filter((entry) => entry.section === section && entry.key === key)
    .flatMap((entry) => entry.value.split(/\s+/))
    .filter((word) => word !== '');
}

/** The text with the values of some entries replaced; null keeps a value. */
export function withValues(
  text: string,
  entries: readonly IniEntry[],
  renew: (entry: IniEntry) => string | null,
): string {
  const lines = text.split('\n');
  for (const entry of entries) {
    const value = renew(entry);
    if (value === null || value === entry.value) continue;
    const raw = lines[entry.line]!;
    const start = raw.indexOf(entry.value, raw.indexOf('=') + 1);
    lines[entry.line] = raw.slice(0, start) + value + raw.slice(start + entry.value.length);
  }
  return lines.join('\n');
}
