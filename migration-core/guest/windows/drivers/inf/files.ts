/** Files of an INF: which it copies, where to, and where they lie beside it (CopyFiles, DestinationDirs, SourceDisksFiles). */
import type { DriverFile } from '../../driver-package.ts';
import { platformSections, type DriverArchitecture } from './models.ts';
import type { Inf } from './syntax.ts';

export interface InfCopy {
  /** Its name when it is copied. */
  name: string;
  destination: DriverFile['destination'];
  /** Beside the INF, with slashes: `viostor.sys`, `amd64/x.sys`. */
  path: string;
}

export interface InfCopies {
  copies: InfCopy[];
  /** What a name of the INF asks for and cannot be had: sentences without their end. */
  problems: string[];
}

/** More than any package of a storage or network driver copies. */
const MAX_COPIES = 2000;

/** Names of devices, with any ending: a file of such a name is not reached by programs of Windows, and hard to get rid of. */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/iu;

/** What may stand as one name in a path of Windows; everything else could lead anywhere. */
export const isPlainName = (name: string): boolean =>
  name.length > 0 &&
  name.length <= 255 &&
  !RESERVED.test(name) &&
  !/[\\/:*?"<>|\u0000-\u001f\u007f]/u.test(name) &&
  !/^\.+$|[. ]$/u.test(name);

/** `sections` are install sections; their CopyFiles directives are followed. */
export function copiesOf(inf: Inf, sections: readonly string[], architecture: DriverArchitecture): InfCopies {
  const found = new Map<string, InfCopy>();
  const problems: string[] = [];
  const followed = new Set<string>();
  const add = (name: string, source: string, list: string | null): void => {
    const path = isPlainName(name) && isPlainName(source) ? placeOf(inf, source, architecture) : null;
    if (path === null) problems.push(`it copies a file by a name that leads elsewhere (${name || source})`);
    else if (found.size < MAX_COPIES && !found.has(name.toLowerCase()))
      found.set(name.toLowerCase(), { name, destination: destinationOf(inf, list), path });
  };
  for (const section of sections)
    for (const item of inf.values(section, 'CopyFiles')) {
      if (item.startsWith('@')) {
        add(item.slice(1), item.slice(1), null);
        continue;
      }
      // Most sections of one INF name the same lists.
      if (followed.has(item.toLowerCase())) continue;
      followed.add(item.toLowerCase());
      for (const line of inf.section(item) ?? []) {
        const name = inf.expand(line.fields[0] ?? line.key ?? '').trim();
        const source = inf.expand(line.fields[1] ?? '').trim();
        if (name !== '') add(name, source === '' ? name : source, item);
      }
    }
  return { copies: [...found.values()], problems };
}

/** DirIDs (Using Dirids): 10 is the folder of Windows, 11 System32, 12 System32\drivers, 13 the driver store. */
function destinationOf(inf: Inf, list: string | null): DriverFile['destination'] {
  const [id = '', folder = ''] =
    (list === null ? null : inf.value('DestinationDirs', list)) ??
    inf.value('DestinationDirs', 'DefaultDestDir') ??
    [];
  const below = folder
    .replaceAll('/', '\\')
    .replace(/^\\+|\\+$/gu, '')
    .toLowerCase();
  const place = `${id.trim()}\\${below}`;
  switch (place) {
    case '12\\':
    case '11\\drivers':
    case '10\\system32\\drivers':
      return 'drivers';
    case '11\\':
    case '10\\system32':
      return 'system32';
    default:
      return id.trim() === '13' ? 'store' : 'other';
  }
}

/** null where the folders of the INF lead out of its own. */
function placeOf(inf: Inf, file: string, architecture: DriverArchitecture): string | null {
  for (const section of platformSections('SourceDisksFiles', architecture)) {
    const [disk, folder = ''] = inf.value(section, file) ?? [];
    if (disk === undefined) continue;
    for (const names of platformSections('SourceDisksNames', architecture)) {
      const fields = inf.value(names, disk.trim());
      if (fields !== null) return joined([fields[3] ?? '', folder, file]);
    }
    return joined([folder, file]);
  }
  return file;
}

function joined(parts: readonly string[]): string | null {
  const names = parts
    .flatMap((part) => part.split(/[\\/]/u))
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== '.');
  return names.every(isPlainName) ? names.join('/') : null;
}
