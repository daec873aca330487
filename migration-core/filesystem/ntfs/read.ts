/** Reading: what a file is, and its contents. */
import { IronliftError } from '../../base/errors.ts';
import { viewOf } from '../../base/bytes.ts';
import type { DirectoryEntry, FileStat, FileType } from '../filesystem.ts';
import { damaged, encrypted, isADirectory, notADirectory, notFound, unsupported } from './errors.ts';
import { findAttribute, type NtfsFile } from './file.ts';
import { isShown, isDirectory, namesOf, resolve, type Found } from './path.ts';
import { ATTRIBUTE, ATTRIBUTE_FLAG, FILE, NAMESPACE, readTime, REPARSE } from './layout.ts';
import { linkTarget, reparsePointOf, typeOfTag } from './reparse.ts';
import { openStream, readStream, readWhole, type OpenStream } from './stream.ts';
import { openWof, readWof, WOF_STREAM, type WofStream } from './wof.ts';
import type { NtfsVolume } from './volume.ts';

/** Longer streams are no extended attributes to Linux; they are read by their path, `name:stream`. */
const MAX_XATTR = 64 << 10;

/** $STANDARD_INFORMATION: 0 created, 8 modified, 10 changed, 18 read, 20 u32 file attributes. */
export function standardInformation(file: NtfsFile): { mtime: number; fileAttributes: number } {
  const value = findAttribute(file, ATTRIBUTE.standardInformation)?.value;
  if (value === undefined || value === null || value.length < 0x24)
    throw damaged(`record ${file.base.number} of the MFT says nothing of its file`);
  const view = viewOf(value);
  return { mtime: readTime(view, 8), fileAttributes: view.getUint32(0x20, true) };
}

async function typeOf(volume: NtfsVolume, file: NtfsFile): Promise<FileType> {
  const point = await reparsePointOf(volume, file);
  return (point === null ? undefined : typeOfTag(point.tag)) ?? (isDirectory(file) ? 'directory' : 'file');
}

/** NTFS keeps owners and rights in another way: what Linux shows without mount options is given. */
export async function statOf(volume: NtfsVolume, { path, file, stream }: Found): Promise<FileStat> {
  const { mtime, fileAttributes } = standardInformation(file);
  const type = await typeOf(volume, file);
  const data = findAttribute(
    file,
    ATTRIBUTE.data,
    stream === '' ? '' : streamName(volume, file, path, stream),
  );
  const shortNames = file.attributes.filter(
    ({ type: kind, value }) => kind === ATTRIBUTE.fileName && value?.[0x41] === NAMESPACE.dos,
  ).length;
  return {
    type: stream === '' ? type : 'file',
    size: stream === '' && type !== 'file' ? 0 : (data?.size ?? 0),
    mode: type === 'file' && (fileAttributes & FILE.readOnly) !== 0 ? 0o555 : 0o755,
    uid: 0,
    gid: 0,
    mtime,
    inode: file.base.number,
    links: Math.max(1, file.base.links - shortNames),
  };
}

export async function readDirectory(volume: NtfsVolume, path: string): Promise<DirectoryEntry[]> {
  const found = await resolve(volume, path);
  if ((await typeOf(volume, found.file)) !== 'directory' || found.stream !== '') throw notADirectory(path);
  return (await namesOf(volume, found.file)).filter(isShown).map(({ name, fileAttributes, tag }) => ({
    name,
    type: typeOfTag(tag) ?? ((fileAttributes & FILE.directory) !== 0 ? 'directory' : 'file'),
  }));
}

/** The name of a stream as the file has it. @throws NOT_FOUND */
function streamName(volume: NtfsVolume, file: NtfsFile, path: string, stream: string): string {
  const named = file.attributes.find(
    ({ type, name }) => type === ATTRIBUTE.data && name !== '' && volume.upcase.compare(name, stream) === 0,
  );
  if (named === undefined) throw notFound(path);
  return named.name;
}

type Content = { wof: WofStream; stream: null } | { wof: null; stream: OpenStream };

/** What the path's bytes are read from. @throws IS_A_DIRECTORY, NOT_SUPPORTED, NTFS_ENCRYPTED, NTFS_UNSUPPORTED */
async function contentOf(volume: NtfsVolume, { path, file, stream }: Found): Promise<Content> {
  if (stream !== '') {
    const name = streamName(volume, file, path, stream);
    return { wof: null, stream: readable(cachedStream(volume, file, name), path) };
  }
  const point = await reparsePointOf(volume, file);
  const special = point === null ? undefined : typeOfTag(point.tag);
  if (special !== undefined)
    throw new IronliftError('NOT_SUPPORTED', `${path} is no regular file but a ${special}.`, {
      next: 'Name a regular file.',
    });
  if (isDirectory(file)) throw isADirectory(path);
  const data = cachedStream(volume, file, '');
  if (point?.tag === REPARSE.wof) return { wof: openWof(volume, file, point, data.size), stream: null };
  // Deduplicated, archived and cloud files have holes where their content was.
  if (point !== null && point.tag !== REPARSE.appExecLink)
    throw unsupported(
      `The content of ${path} is kept outside of the file (reparse tag ${point.tag.toString(16)})`,
    );
  return { wof: null, stream: readable(data, path) };
}

function readable(stream: OpenStream, path: string): OpenStream {
  if ((stream.flags & ATTRIBUTE_FLAG.encrypted) !== 0) throw encrypted(path);
  return stream;
}

function cachedStream(volume: NtfsVolume, file: NtfsFile, name: string): OpenStream {
  const { number } = file.base;
  if (volume.last?.record === number && volume.last.key === name) return volume.last.stream;
  const stream = openStream(volume, file, ATTRIBUTE.data, name);
  if (stream === null) throw damaged(`record ${number} of the MFT is a file without content`);
  // A resident value would keep its whole record, and is at hand anyway.
  if (stream.value === null) volume.last = { record: number, key: name, stream };
  return stream;
}

export async function readRange(
  volume: NtfsVolume,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = await contentOf(volume, await resolve(volume, path));
  return readContent(volume, content, offset, length);
}

export async function readFile(
  volume: NtfsVolume,
  path: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = await contentOf(volume, await resolve(volume, path));
  const { size } = content.wof ?? content.stream;
  if (size > limit)
    throw new IronliftError('FILE_TOO_LARGE', `${path} has ${size} bytes, more than the ${limit} expected.`, {
      next: 'Read it in parts.',
      data: { size, limit },
    });
  return readContent(volume, content, 0, size);
}

async function readContent(
  volume: NtfsVolume,
  content: Content,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = content.wof ?? content.stream;
  const end = Math.min(size, offset + length);
  if (!(offset >= 0 && end > offset)) return new Uint8Array(0);
  const bytes = new Uint8Array(end - offset);
  if (content.wof !== null) await readWof(volume, content.wof, offset, bytes);
  else await readStream(volume, content.stream, offset, bytes);
  return bytes;
}

export async function readLink(volume: NtfsVolume, path: string): Promise<string> {
  const { file } = await resolve(volume, path);
  const point = await reparsePointOf(volume, file);
  if (point === null || typeOfTag(point.tag) !== 'symlink')
    throw new IronliftError('NOT_A_SYMLINK', `${path} is no symbolic link.`, { next: 'Check the path.' });
  return linkTarget(point);
}

/** Alternate streams of up to 64 KiB as `user.NAME`, as ntfs-3g shows them. */
export async function readXattrs(volume: NtfsVolume, path: string): Promise<Map<string, Uint8Array>> {
  const { file } = await resolve(volume, path);
  const attributes = new Map<string, Uint8Array>();
  for (const { type, name, firstVcn } of file.attributes) {
    if (type !== ATTRIBUTE.data || name === '' || firstVcn > 0 || name === WOF_STREAM) continue;
    const stream = readable(openStream(volume, file, ATTRIBUTE.data, name)!, `${path}:${name}`);
    if (stream.size <= MAX_XATTR) attributes.set(`user.${name}`, await readWhole(volume, stream, MAX_XATTR));
  }
  return attributes;
}
