/** The menu of each boot loader, as far as it tells which kernel is started when nobody chooses. */
import { shortLines } from './text.ts';

export interface BootEntry {
  /** What a default may name: titles, ids and numbers. */
  names: string[];
  /** As the configuration writes it: `/vmlinuz-6.1`, relative to the loader's volume. Empty where it starts no Linux. */
  image: string;
}

const MAX_ENTRIES = 500;
/** Submenus in submenus: nobody finds an entry further down. */
const MAX_DEPTH = 20;

/**
 * GRUB 2: `menuentry 'title' ... --id 'id' {`, within `submenu` too. A default is a number, a title or an id, `>` between
 * levels of submenus.
 */
export function parseGrub2(text: string): BootEntry[] {
  const entries: BootEntry[] = [];
  /** Open blocks, outermost first; null where a block is neither menu nor submenu. */
  const open: ({ names: string[]; next: number; entry: BootEntry | null } | null)[] = [];
  const top = { names: [''], next: 0, entry: null };
  for (const raw of shortLines(text)) {
    const line = raw.trim();
    const menu = /^(menuentry|submenu)\s+("[^"]*"|'(?:[^']|'\\'')*'|\S+)(.*)\{\s*$/.exec(line);
    if (menu !== null && open.length < MAX_DEPTH) {
      const parent = open.findLast((block) => block !== null) ?? top;
      const title = menu[2]!.replace(/'\\''/g, "'").replace(/^(["'])(.*)\1$/s, '$2');
      const id = /(?:--id[= ]\s*|\$menuentry_id_option\s+)(["']?)([^"'\s]+)\1/.exec(menu[3]!)?.[2];
      const own = [String(parent.next), title, ...(id === undefined ? [] : [id])];
      parent.next++;
      const names = parent.names
        .slice(0, 3)
        .flatMap((prefix) => own.map((name) => (prefix === '' ? name : `${prefix}>${name}`)));
      // An id is found at any depth.
      if (id !== undefined && !names.includes(id)) names.push(id);
      const entry = menu[1] === 'menuentry' ? { names, image: '' } : null;
      if (entry !== null && entries.length < MAX_ENTRIES) entries.push(entry);
      open.push({ names, next: 0, entry });
      continue;
    }
    if (line === '}') {
      open.pop();
    } else if (line.endsWith('{') && !line.startsWith('#')) {
      open.push(null);
    } else {
      const kernel = /^linux(?:16|efi)?\s+(\S+)/.exec(line);
      const entry = open.findLast((block) => block !== null)?.entry;
      if (kernel !== null && entry != null && entry.image === '') entry.image = kernel[1]!;
    }
  }
  return entries;
}

/** The last `set default="..."` that is no variable; `saved` where the environment block decides. */
export function grub2Default(text: string): string {
  let value = '0';
  for (const line of shortLines(text)) {
    const match = /^\s*set\s+default=(["']?)([^"']*)\1/.exec(line);
    if (match === null) continue;
    if (/\$\{?(saved_entry|next_entry)\}?/.test(match[2]!)) {
      // `next_entry` is for one boot; `saved_entry` counts unless a later line in an else branch is taken.
      if (match[2]!.includes('saved_entry')) return 'saved';
    } else if (!match[2]!.includes('$')) value = match[2]!;
  }
  return value;
}

/** The environment block: `name=value` lines, filled up to 1024 bytes with `#`. */
export function parseGrubenv(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const line of shortLines(text)) {
    const at = line.indexOf('=');
    if (!line.startsWith('#') && at > 0) variables.set(line.slice(0, at), line.slice(at + 1));
  }
  return variables;
}

/** One file of loader/entries: `key value` lines. `name` is the file name without `.conf`. */
export function parseBlsEntry(name: string, text: string): BootEntry {
  const lines = shortLines(text);
  const value = (key: string): string =>
    lines
      .find((line) => line.startsWith(`${key} `) || line.startsWith(`${key}\t`))
      ?.slice(key.length)
      .trim() ?? '';
  return { names: [name, value('title')], image: value('linux') };
}

/** GRUB legacy: `title`, then `kernel PATH ARGS`; entries are numbered. */
export function parseGrubLegacy(text: string): { entries: BootEntry[]; chosen: string } {
  const entries: BootEntry[] = [];
  let chosen = '0';
  for (const raw of shortLines(text)) {
    const line = raw.trim();
    const title = /^title\s+(.*)$/i.exec(line);
    const kernel = /^kernel\s+(?:--\S+\s+)*(?:\(\S+?\))?(\S+)/i.exec(line);
    const number = /^default[\s=]+(\d+)/i.exec(line);
    if (title !== null && entries.length < MAX_ENTRIES)
      entries.push({ names: [String(entries.length), title[1]!], image: '' });
    else if (kernel !== null && entries.at(-1)?.image === '') entries.at(-1)!.image = kernel[1]!;
    else if (number !== null && entries.length === 0) chosen = number[1]!;
  }
  return { entries, chosen };
}

/** extlinux: `LABEL name`, `LINUX`/`KERNEL path`; `DEFAULT name` at any place before. */
export function parseExtlinux(text: string): { entries: BootEntry[]; chosen: string } {
  const entries: BootEntry[] = [];
  let chosen = '';
  for (const raw of shortLines(text)) {
    const [key = '', value = ''] = raw.trim().split(/\s+/, 2);
    const word = key.toUpperCase();
    if (word === 'LABEL' && entries.length < MAX_ENTRIES) entries.push({ names: [value], image: '' });
    else if ((word === 'LINUX' || word === 'KERNEL') && entries.at(-1)?.image === '')
      entries.at(-1)!.image = value;
    else if (word === 'DEFAULT' || word === 'ONTIMEOUT') chosen = value;
    else if (word === 'MENU' && value.toUpperCase() === 'DEFAULT' && chosen === '')
      chosen = entries.at(-1)?.names[0] ?? '';
  }
  return { entries, chosen };
}
