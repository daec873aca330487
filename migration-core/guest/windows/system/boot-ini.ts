/**
 * boot.ini of XP and Server 2003: which partitions NTLDR starts. Lines that are not changed keep their bytes. Names of partitions:
 * Microsoft KB 102873 (ARC paths); partitions are counted from 1, first the primary ones, then the logical drives.
 */
import type { FixContext, GuestEdit, GuestReader, VolumeInfo } from '../../fixer.ts';
import type { Guest } from '../../guest.ts';
import { joinPath } from '../../tree-path.ts';
import type { WindowsFacts } from '../facts.ts';
import { forPeople } from '../path.ts';

/** A boot.ini has a handful of lines. Bytes. */
const LARGEST = 64 << 10;

export interface BootIni {
  /** Canonical. */
  path: string;
  /** Every byte one character, so that names in any code page stay as they are. */
  text: string;
}

/** Where it is looked for: the partition the BIOS starts, or the one of Windows. Null where there is none. */
export async function findBootIni(guest: Guest, files: GuestReader): Promise<BootIni | null> {
  const known = guest.bootLoaders.filter(({ kind }) => kind === 'ntldr').flatMap((loader) => loader.files);
  const places = ['/:boot', '/'];
  for (const place of places)
    for (const name of await files.list(place))
      if (name.toLowerCase() === 'boot.ini') known.push(joinPath(place, name));
  for (const path of known) {
    if (!/\/boot\.ini$/iu.test(path) || (await files.stat(path))?.type !== 'file') continue;
    if ((await files.stat(path))!.size > LARGEST) continue;
    return { path, text: Buffer.from(await files.readFile(path, LARGEST)).toString('latin1') };
  }
  return null;
}

export interface ArcPath {
  syntax: 'multi' | 'scsi' | 'signature';
  /** 0-based disk of the BIOS for multi(); of no meaning otherwise. */
  disk: number;
  partition: number;
  /** `\WINDOWS`. */
  folder: string;
}

const ARC =
  /^(multi|scsi|signature)\(([0-9a-f]{1,8})\)disk\((\d{1,4})\)rdisk\((\d{1,4})\)partition\((\d{1,4})\)(\\[^=\r\n"]*)$/iu;

export function readArcPath(text: string): ArcPath | null {
  const [, syntax, , , rdisk, partition, folder] = ARC.exec(text.trim()) ?? [];
  if (syntax === undefined) return null;
  return {
    syntax: syntax.toLowerCase() as ArcPath['syntax'],
    disk: Number(rdisk),
    partition: Number(partition),
    folder: folder!,
  };
}

/** The path of `default=`, or null. */
export function defaultPath(text: string): string | null {
  const [, section = ''] = /^\[boot loader\]([^[]*)/imu.exec(text) ?? [];
  return /^[ \t]*default[ \t]*=[ \t]*(\S[^\r\n]*?)[ \t]*\r?$/imu.exec(section)?.[1] ?? null;
}

/** How NTLDR counts a volume on its disk: by its place among those that are there. */
export function arcPartition(volume: VolumeInfo, volumes: readonly VolumeInfo[]): number | null {
  if (volume.partition === null) return null;
  const numbers = volumes
    .filter(({ disk, partition }) => disk === volume.disk && partition !== null)
    .map(({ partition }) => partition!)
    .sort((a, b) => a - b);
  return numbers.indexOf(volume.partition) + 1;
}

/** The volume of Windows. */
export const rootVolume = ({
  guest,
  volumes,
}: Pick<FixContext, 'guest' | 'volumes'>): VolumeInfo | undefined => {
  const root = guest.mounts.find(({ path }) => path === '/');
  return volumes.find(({ id }) => id === root?.volume);
};

/**
 * `scsi(0)disk(2)rdisk(0)partition(1)\WINDOWS` makes NTLDR load the driver of the old controller (ntbootdd.sys); the same place by
 * way of the BIOS works with every controller. Null where no line of this Windows is written so.
 */
export function pathsByBios(
  bootIni: BootIni,
  windows: WindowsFacts,
  disk: number,
  partition: number,
): string | null {
  const folder = windows.systemRoot.replaceAll('/', '\\').toLowerCase();
  const text = bootIni.text.replaceAll(
    /\b(?:scsi|signature)\([0-9a-f]{1,8}\)disk\(\d{1,4}\)rdisk\(\d{1,4}\)partition\(\d{1,4}\)(\\[^=\r\n"]*)/giu,
    (whole, at: string) =>
      at.trim().toLowerCase() === folder
        ? `multi(0)disk(0)rdisk(${disk})partition(${partition})${at}`
        : whole,
  );
  return text === bootIni.text ? null : text;
}

/** A second entry beside the default one; null where it is there already or the default cannot be read. */
export function addMultiprocessorEntry(bootIni: BootIni, windows: WindowsFacts): GuestEdit | null {
  const path = defaultPath(bootIni.text);
  if (path === null || /\/hal=/iu.test(bootIni.text)) return null;
  const section = /^\[operating systems\][^\S\r\n]*(\r?\n)/imu.exec(bootIni.text);
  if (section === null) return null;
  const [head, lineEnd] = section;
  const at = section.index + head.length;
  // At the end of the section: NTLDR takes the first entry of a path for its default.
  const rest = bootIni.text.slice(at);
  const next = /^\[/mu.exec(rest);
  const body = (next === null ? rest : rest.slice(0, next.index)).replace(/(?:\r?\n)*$/u, '');
  const now = body.split(/\r?\n/u).find((one) => one.toLowerCase().startsWith(`${path.toLowerCase()}=`));
  const options = /^[^=]*="[^"]*"[ \t]*([^\r\n]*)$/u.exec(now ?? '')?.[1]?.trimEnd() ?? '/fastdetect';
  const line = `${path}="Windows (several processors)" ${options} /hal=halmacpi.dll /kernel=ntkrnlmp.exe`;
  const text = `${bootIni.text.slice(0, at)}${body}${lineEnd}${line}${lineEnd}${next === null ? '' : rest.slice(next.index)}`;
  return {
    what: `The boot menu gets an entry that starts Windows with several processors (${forPeople(windows, bootIni.path)}); the default stays as it is.`,
    why: `The kernel and the hardware layer for several processors lie in ${forPeople(windows, windows.system32)}, so Windows can use all processors of the virtual machine if it starts with them.`,
    action: { kind: 'write', path: bootIni.path, content: Buffer.from(text, 'latin1') },
  };
}
