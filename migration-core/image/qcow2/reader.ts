/**
 * Reads qcow2 versions 2 and 3 in their active state: plain, zero and compressed clusters (zlib, zstd), subclusters,
 * backing files, and clusters that lie in a data file.
 */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, win32 } from 'node:path';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes } from '../../base/text.ts';
import type { DiskImage, OpenContext } from '../image.ts';
import { mappedSource } from '../mapped.ts';
import { openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { CONVERT_IT, parseHeader, type Header } from './header.ts';
import { SUBCLUSTERS } from './layout.ts';
import { describeSnapshots } from './snapshots.ts';
import { clusterLookup, readL1 } from './tables.ts';

/** @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, IMAGE_HAS_BACKING, READ_FAILED, NOT_FOUND */
export async function openQcow2(path: string, context?: OpenContext): Promise<DiskImage> {
  const file = await openReadFile(path);
  const opened: { close(): Promise<void> }[] = [file];
  try {
    const header = parseHeader(file);
    const l1 = readL1(file, header);
    const data = header.externalData ? await openDataFile(file, header) : file;
    if (data !== file) opened.push(data);
    const parent = await openBacking(path, header, context);
    if (parent !== null) opened.push(parent);
    const unit = header.cluster / (header.subclusters ? SUBCLUSTERS : 1);
    return mappedSource({
      file: data === file ? file : bothClosed(data, file),
      size: header.size,
      unit,
      facts: {
        format: 'qcow2',
        subformat: 'qcow2',
        contentId: null,
        files: data === file ? [path] : [path, data.path],
        parent,
        details: details(file, header, data),
      },
      run: clusterLookup(file, header, { data, l1 }),
      packing: { codec: header.compression === 'zstd' ? 'zstd' : 'deflate', unit: header.cluster },
    });
  } catch (error) {
    await Promise.allSettled(opened.map((each) => each.close()));
    throw error;
  }
}

/** Clusters are read from the data file; the tables' file is closed with it. */
function bothClosed(data: ReadFile, tables: ReadFile): ReadFile {
  return {
    ...data,
    async close() {
      await Promise.all([data.close(), tables.close()]);
    },
  };
}

function details(file: ReadFile, header: Header, data: ReadFile): Record<string, string> {
  return {
    Version: String(header.version),
    'Cluster size': formatBytes(header.cluster),
    ...(header.subclusters ? { 'Subcluster size': formatBytes(header.cluster / SUBCLUSTERS) } : {}),
    Compression: header.compression,
    ...(header.refcountBits === 16 ? {} : { 'Refcount bits': String(header.refcountBits) }),
    ...(header.lazyRefcounts ? { 'Lazy refcounts': 'yes' } : {}),
    ...(header.backing === null ? {} : { 'Backing file': header.backing }),
    ...(data === file ? {} : { 'Data file': `${header.dataFile ?? ''}${header.rawData ? ' (raw)' : ''}` }),
    ...(header.snapshots === 0 ? {} : { Snapshots: describeSnapshots(file, header) }),
  };
}

/** Formats as QEMU calls them, and as ImageFormat.id does. */
const QEMU_FORMATS: Readonly<Record<string, string>> = {
  raw: 'raw',
  qcow2: 'qcow2',
  vmdk: 'vmdk',
  vpc: 'vhd',
  vhdx: 'vhdx',
  vdi: 'vdi',
};

async function openBacking(
  path: string,
  { backing, backingFormat }: Header,
  context: OpenContext | undefined,
): Promise<DiskImage | null> {
  if (backing === null) return null;
  const name = fileName(path, backing);
  if (context === undefined) {
    throw new IronliftError(
      'IMAGE_HAS_BACKING',
      `${path} holds only the changes to another image, ${name}.`,
      {
        next: 'Merge the two with `qemu-img convert -O qcow2`, then start again with the result.',
        data: { path, parent: name },
      },
    );
  }
  if (backingFormat === null || backingFormat === '') return context.openParent(path, [name]);
  const format = QEMU_FORMATS[backingFormat];
  if (format === undefined)
    throw unsupported(
      path,
      `has a backing file of a format that is not read here (${backingFormat.slice(0, 40)})`,
      CONVERT_IT,
    );
  return context.openParent(path, [name], format);
}

/** The name of a file; QEMU takes other things too: `json:{...}`, `nbd://host`, `rbd:pool/image`. */
function fileName(path: string, backing: string): string {
  if (backing.startsWith('file:')) return fileName(path, backing.slice(5).replace(/^\/\/(?=\/)/u, ''));
  const protocol = /^([A-Za-z][\w+.-]+):/u.exec(backing)?.[1];
  if (protocol === undefined) return backing;
  throw unsupported(
    path,
    `holds only the changes to something that is not a file (${protocol}:...)`,
    'Merge the two with `qemu-img convert -O qcow2` on the machine that has both, then start again with the result.',
  );
}

/** The file with the clusters: in the folder of the image, or below it. What an image names may be any file of this computer. */
async function openDataFile(file: ReadFile, { dataFile }: Header): Promise<ReadFile> {
  const { path } = file;
  const name = dataFile ?? '';
  if (name === '' || name.includes('\0'))
    throw unsupported(path, 'keeps its data in another file and does not say in which', CONVERT_IT);
  const folder = await realpath(dirname(resolve(path)));
  for (const candidate of [resolve(folder, name), join(folder, basename(win32.basename(name)))]) {
    const found = await stat(candidate).catch(() => null);
    if (found?.isFile() !== true) continue;
    const real = await realpath(candidate);
    const way = relative(folder, real);
    if (way === '' || way.startsWith('..') || isAbsolute(way) || real === (await realpath(path))) continue;
    return openReadFile(real);
  }
  throw unsupported(
    path,
    `keeps its data in ${name}, which is not beside it`,
    'Put that file into the same folder and start again.',
  );
}
