/** Names of the files of a disk in several, as VMware gives them, and back from them to the descriptor. */
import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isPartial } from '../partial.ts';
import { partOfDisk } from './extent-kind.ts';

/** `web.vmdk` to `web`; other endings stay. */
const stemOf = (name: string): string => name.replace(/\.vmdk$/iu, '');

/** The one file of the data of a flat disk. */
export const flatName = (descriptor: string): string => `${stemOf(descriptor)}-flat.vmdk`;

/** Part `index` (from 0) of a split disk: `s` sparse, `f` flat. */
export const splitName = (descriptor: string, kind: 's' | 'f', index: number): string =>
  `${stemOf(descriptor)}-${kind}${String(index + 1).padStart(3, '0')}.vmdk`;

/** A part's name cannot be known from its contents where these are plain bytes of a disk. */
const PART = /^(.+)-(?:(flat)|[fs]\d{3,4}|delta|sesparse)\.vmdk$/iu;

/** The descriptor that a file of this name belongs to; null for other names. */
export function descriptorOf(name: string): string | null {
  const stem = PART.exec(name)?.[1];
  return stem === undefined ? null : `${stem}.vmdk`;
}

/**
 * Refuses to take a part of a disk for a disk of its own. The one `-flat` file of a disk whose descriptor is lost may
 * pass: it holds the whole disk.
 * @throws IMAGE_NOT_SUPPORTED
 */
export async function refusePart(path: string): Promise<void> {
  const name = basename(path);
  const descriptor = isPartial(name) ? null : descriptorOf(name);
  if (descriptor === null) return;
  const wanted = join(dirname(path), descriptor);
  const isThere = await access(wanted).then(
    () => true,
    () => false,
  );
  if (isThere || !/-flat\.vmdk$/iu.test(name)) throw partOfDisk(path, wanted);
}
