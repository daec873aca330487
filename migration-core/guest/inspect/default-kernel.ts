/** The kernel image the boot loader starts unless told otherwise. */
import type { Finding } from '../../base/finding.ts';
import type { GuestReader } from '../fixer.ts';
import type { BootLoader } from '../guest.ts';
import { nameOf } from '../tree-path.ts';
import {
  grub2Default,
  parseBlsEntry,
  parseExtlinux,
  parseGrub2,
  parseGrubLegacy,
  parseGrubenv,
  type BootEntry,
} from './boot-entries.ts';
import { inspectText, shellVariables } from './text.ts';
import { compareVersions } from './versions.ts';

/** As the boot loader writes it, relative to its volume; null where no configuration tells. */
export async function defaultImage(
  files: GuestReader,
  loaders: readonly BootLoader[],
  findings: Finding[],
): Promise<string | null> {
  const read = async (path: string): Promise<string> => (await inspectText(files, path, findings)) ?? '';
  const entries: BootEntry[] = [];
  for (const loader of loaders)
    if (loader.kind === 'bls' || loader.kind === 'systemd-boot')
      for (const path of loader.files)
        if (path.includes('/entries/'))
          entries.push(parseBlsEntry(nameOf(path).replace(/\.conf$/, ''), await read(path)));

  for (const loader of loaders) {
    if (loader.kind === 'grub2') {
      const image = await grub2Image(loader, entries, read);
      if (image !== null) return image;
    } else if (loader.kind === 'systemd-boot') {
      const configuration = loader.files.find((path) => path.endsWith('/loader.conf'));
      const text = configuration === undefined ? '' : await read(configuration);
      const pattern = /^default[ \t]+(\S+)/m.exec(text)?.[1]?.replace(/\.conf$/, '');
      const image = matching(entries, pattern) ?? newest(entries);
      if (image !== null) return image;
    } else if (loader.kind === 'grub-legacy' || loader.kind === 'extlinux') {
      const { entries: menu, chosen } = (loader.kind === 'extlinux' ? parseExtlinux : parseGrubLegacy)(
        await read(loader.files[0]!),
      );
      const image = named(menu, chosen) ?? first(menu);
      if (image !== null) return image;
    }
  }
  return newest(entries);
}

async function grub2Image(
  loader: BootLoader,
  bls: readonly BootEntry[],
  read: (path: string) => Promise<string>,
): Promise<string | null> {
  let saved: string | undefined;
  for (const path of loader.files)
    if (nameOf(path) === 'grubenv') saved ??= parseGrubenv(await read(path)).get('saved_entry');
  for (const path of loader.files) {
    if (nameOf(path) !== 'grub.cfg') continue;
    const text = await read(path);
    const wanted = grub2Default(text);
    if (/^[ \t]*blscfg\b/m.test(text)) {
      // blscfg(GRUB): entries sorted by version, newest first, and the default is one of their ids or a number.
      const sorted = [...bls].sort((a, b) => compareVersions(b.names[0]!, a.names[0]!));
      const choice = wanted === 'saved' ? saved : wanted;
      const image =
        named(sorted, choice) ?? (/^\d+$/.test(choice ?? '') ? sorted[Number(choice)]?.image : undefined);
      return image ?? newest(bls);
    }
    const menu = parseGrub2(text);
    if (menu.length === 0) continue;
    const image = named(menu, wanted === 'saved' ? saved : wanted) ?? first(menu);
    if (image !== null) return image;
  }
  const settings = loader.files.find((path) => path === '/etc/default/grub');
  if (settings === undefined || bls.length === 0) return null;
  const wanted = shellVariables(await read(settings)).get('GRUB_DEFAULT');
  return named(bls, wanted === 'saved' ? saved : wanted);
}

function named(entries: readonly BootEntry[], name: string | undefined): string | null {
  if (name === undefined || name === '') return null;
  const image = entries.find((entry) => entry.names.includes(name))?.image;
  return image === undefined || image === '' ? null : image;
}

/** systemd-boot: a shell pattern, the newest entry that fits. */
function matching(entries: readonly BootEntry[], pattern: string | undefined): string | null {
  if (pattern === undefined || pattern.startsWith('@') || pattern.length > 200) return null;
  const parts = pattern.split('*');
  const fits = (name: string): boolean => {
    let at = 0;
    for (const [index, part] of parts.entries()) {
      const found = index === 0 ? (name.startsWith(part) ? 0 : -1) : name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return parts.at(-1) === '' || name.endsWith(parts.at(-1)!);
  };
  return newest(entries.filter((entry) => fits(entry.names[0]!)));
}

const first = (entries: readonly BootEntry[]): string | null =>
  entries.find(({ image }) => image !== '')?.image ?? null;

function newest(entries: readonly BootEntry[]): string | null {
  const bootable = entries.filter(({ image, names }) => image !== '' && !names[0]!.includes('rescue'));
  bootable.sort((a, b) => compareVersions(b.names[0]!, a.names[0]!));
  return bootable[0]?.image ?? null;
}
