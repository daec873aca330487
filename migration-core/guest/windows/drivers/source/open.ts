/** Opens what the user named as a source of drivers. */
import { stat } from 'node:fs/promises';
import { systemErrorCode } from '../../../../base/errors.ts';
import { fileSource, openReadOnly } from '../../../../block/file-source.ts';
import { isIso } from '../../../../filesystem/iso9660/open.ts';
import { folderTree } from './folder.ts';
import { isoTree } from './iso.ts';
import { unusable, type SourceTree } from './tree.ts';

const TAKEN = 'Name a folder with INF files, or a CD image (.iso) of drivers such as virtio-win.iso.';

/** What else people have drivers in, by its first bytes, and how they get at them. */
const OTHERS: readonly { magic: string; what: string; next: string }[] = [
  {
    magic: 'MZ',
    what: 'it is a program',
    next: 'Let the program unpack its drivers into a folder, and name that.',
  },
  { magic: 'PK\u0003\u0004', what: 'it is a .zip file', next: 'Unpack it, and name the folder.' },
  {
    magic: 'MSCF',
    what: 'it is a cabinet (.cab)',
    next: 'Unpack it (expand -F:* FILE FOLDER), and name the folder.',
  },
  { magic: '7z\u00bc\u00af', what: 'it is a .7z file', next: 'Unpack it, and name the folder.' },
  { magic: 'Rar!', what: 'it is a .rar file', next: 'Unpack it, and name the folder.' },
  {
    magic: '\u00d0\u00cf\u0011\u00e0',
    what: 'it is an installer (.msi)',
    next: 'Unpack it (msiexec /a FILE TARGETDIR=FOLDER), and name the folder.',
  },
  {
    magic: '\u00ed\u00ab\u00ee\u00db',
    what: 'it is an .rpm package',
    next: 'Unpack it, and name the .iso in it.',
  },
  { magic: 'MSWIM', what: 'it is a Windows image (.wim)', next: TAKEN },
];

/** @throws DRIVER_SOURCE_UNUSABLE, ISO_DAMAGED, ISO_NOT_SUPPORTED */
export async function openSourceTree(path: string): Promise<SourceTree> {
  let found;
  try {
    found = await stat(path);
  } catch (error) {
    throw notRead(path, error);
  }
  if (found.isDirectory()) return folderTree(path);
  if (!found.isFile())
    throw unusable(
      path,
      'it is neither a folder nor a file',
      'Name an image of the disc instead of its drive.',
    );
  const fd = await openReadOnly(path).catch((error: unknown) => {
    throw notRead(path, error);
  });
  const source = fileSource(fd, path, { size: found.size, sectorSize: 512, sparse: false });
  try {
    if (await isIso(source)) return await isoTree(source);
    const head = new Uint8Array(Math.min(16, found.size));
    await source.read(head, 0);
    const text = Buffer.from(head).toString('latin1');
    const other = OTHERS.find(({ magic }) => text.startsWith(magic));
    throw unusable(path, other?.what ?? 'it is no CD image', other?.next ?? TAKEN);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function notRead(path: string, error: unknown): Error {
  const absent = systemErrorCode(error) === 'ENOENT';
  return unusable(
    path,
    absent ? 'it is not there' : `it cannot be read (${systemErrorCode(error) ?? 'unknown reason'})`,
    absent ? 'Check the path.' : 'Check that you may read it.',
    error,
  );
}
