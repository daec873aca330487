/**
 * OVA: a tar file with the OVF description of a machine, its manifest and its disks. As a disk image it stands for its one
 * disk; where it has several, each is named by a path into it (member.ts). What the OVF says of the machine is read in
 * source/machine.
 */
import { basename, dirname, extname, join } from 'node:path';
import { chooseSubformat } from '../subformat.ts';
import type {
  CheckOptions,
  DiskImage,
  ImageCheck,
  ImageFormat,
  ImageProblem,
  OpenContext,
} from '../image.ts';
import { openReadFile, unsupported } from '../read-file.ts';
import { checkManifest, staysInside } from './manifest.ts';
import { memberName } from './member.ts';
import { isTar, readTar } from './tar.ts';

export const ova: ImageFormat = {
  id: 'ova',
  extension: '.ova',
  name: 'OVA or OVF package',
  subformats: [],
  // The description comes first in a package (DSP0243 section 10.2), or lies beside its disks.
  detect: (head) => isPackage(head) || isOvf(head),
  open: openOnlyDisk,
  async create(options) {
    chooseSubformat(ova, options);
    throw new TypeError('ova: has no subformats');
  },
  check: checkOva,
};

export const isPackage = (head: Uint8Array): boolean => isTar(head) && /\.ovf$/iu.test(headName(head));

const isOvf = (head: Uint8Array): boolean =>
  /^(?:\xef\xbb\xbf)?\s*(?:<[^]*?)?<(?:[\w.-]+:)?Envelope[\s/>]/u.test(
    Buffer.from(head.subarray(0, 4096)).toString('latin1'),
  );

const headName = (head: Uint8Array): string => {
  const name = Buffer.from(head.subarray(0, 100));
  const end = name.indexOf(0);
  return name.toString('latin1', 0, end < 0 ? 100 : end);
};

/** What a package may hold besides disks. */
const NO_DISKS = new Set(['.ovf', '.mf', '.cert', '.nvram', '.iso', '.xml', '.txt', '.strings']);

/** Names of the files in a package. @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, NOT_FOUND */
export async function packageFiles(path: string): Promise<string[]> {
  const file = await openReadFile(path);
  try {
    return readTar(file)
      .map(({ name }) => memberName(name))
      .filter(staysInside);
  } finally {
    await file.close();
  }
}

async function openOnlyDisk(path: string, context?: OpenContext): Promise<DiskImage> {
  if (!(await isTarFile(path)))
    throw unsupported(
      path,
      'is the description of a machine, not a disk',
      'Name it as the source of `ironlift convert`, or name one of its disks.',
    );
  const disks = (await packageFiles(path)).filter((name) => !NO_DISKS.has(extname(name).toLowerCase()));
  const [disk] = disks;
  if (disk === undefined || disks.length > 1)
    throw unsupported(
      path,
      disk === undefined ? 'holds no disk' : `holds ${disks.length} disks`,
      disk === undefined
        ? 'Export the machine again, with its disks.'
        : `Name one of them, such as ${join(path, disk)}.`,
    );
  const inner = join(path, disk);
  if (context?.openInner === undefined)
    throw unsupported(path, 'is a package', `Name the disk in it, ${inner}.`);
  return context.openInner(inner);
}

async function isTarFile(path: string): Promise<boolean> {
  const file = await openReadFile(path);
  try {
    return isTar(file.readNow(0, Math.min(512, file.size)));
  } finally {
    await file.close();
  }
}

/** The files by the digests of the manifest. */
async function checkOva(path: string, options: CheckOptions = {}): Promise<ImageCheck> {
  if (!(await isTarFile(path))) return checkOvfFolder(path, options);
  const names = await packageFiles(path);
  return checkPackage(path, names, options);
}

/** The same for an OVF whose disks lie beside it. */
async function checkOvfFolder(ovf: string, options: CheckOptions): Promise<ImageCheck> {
  const manifest = `${basename(ovf, extname(ovf))}.mf`;
  const exists = await openReadFile(join(dirname(ovf), manifest)).then(
    async (file) => (await file.close(), true),
    () => false,
  );
  return checkPackage(dirname(ovf), exists ? [manifest] : [], options);
}

async function checkPackage(
  folder: string,
  names: readonly string[],
  options: CheckOptions,
): Promise<ImageCheck> {
  const manifest = names.find((name) => name.toLowerCase().endsWith('.mf'));
  const problems: ImageProblem[] =
    manifest === undefined
      ? [
          {
            severity: 'note',
            message: 'There is no manifest, so nothing tells whether the files are as they were.',
          },
        ]
      : await checkManifest(folder, join(folder, manifest), options);
  return { problems, more: 0, allocatedBytes: null };
}
