/** Changes of the tree, path by path. Each runs inside changing(), so it happens whole or not at all. */
import { viewOf } from '../../base/bytes.ts';
import { IronliftError } from '../../base/errors.ts';
import type { CreateOptions } from '../filesystem.ts';
import { putAttribute, residentAttribute, setLinks } from './attribute-write.ts';
import { freeClusters } from './clusters.ts';
import { alreadyExists, damaged, isADirectory, notFound, notSupported, usage } from './errors.ts';
import { findAttribute, openFile, type NtfsFile } from './file.ts';
import { itemFor } from './index-items.ts';
import { isLinkTag, NAME_OFFSET, type IndexName } from './index-node.ts';
import { IndexWriter, indexRootValue } from './index-write.ts';
import {
  ATTRIBUTE,
  DIRECTORY_INDEX,
  FILE,
  NAMESPACE,
  readReference,
  readTime,
  readUtf16,
  RECORD,
  RECORD_FLAG,
  writeReference,
  writeTime,
  type Reference,
} from './layout.ts';
import { checkName, fileNameValue, type Facts } from './names.ts';
import { releaseRecord, takeRecord } from './mft-write.ts';
import { folderAt, isDirectory, nameIn, namesOf, openFolder, splitPath } from './path.ts';
import { standardInformation } from './read.ts';
import type { Attribute } from './record.ts';
import { securityOfNew } from './security.ts';
import { openStream } from './stream.ts';
import { setContent } from './stream-write.ts';
import type { NtfsVolume } from './volume.ts';

export const DATA = { type: ATTRIBUTE.data, name: '' };

/** Where a name goes: its folder, and what is there under it now. */
export interface Place {
  path: string;
  folder: Reference;
  name: string;
  present: IndexName | null;
}

export async function placeOf(volume: NtfsVolume, path: string): Promise<Place> {
  const names = splitPath(path);
  const name = names.pop();
  if (name === undefined)
    throw usage(
      'The main folder of a volume can be neither written, removed nor renamed.',
      'Name a file or folder inside it.',
    );
  const folder = await folderAt(volume, names);
  const { base } = await openFolder(volume, folder);
  const reference = { record: base.number, sequence: base.sequence };
  const present = await nameIn(volume, folder, name);
  if (present !== null && present.reference.record < RECORD.firstUser) throw notChanged(path);
  if (folder.record < RECORD.firstUser && folder.record !== RECORD.root) throw notChanged(path);
  return { path, folder: reference, name, present };
}

const notChanged = (path: string): IronliftError =>
  notSupported(`${path} belongs to the file system itself and is not changed.`);

/** The file at a place, which must be an ordinary one. */
export async function ordinaryFile(volume: NtfsVolume, place: Place): Promise<NtfsFile> {
  if (place.present === null) throw notFound(place.path);
  const file = await openFile(volume, place.present.reference);
  if (isLinkTag(place.present.tag) || findAttribute(file, ATTRIBUTE.reparsePoint) !== undefined)
    throw notSupported(
      `${place.path} has a reparse point (a link, or packed by Windows), which this version does not change.`,
      'Unpack it on the server ("compact /u /exe"), or choose another name.',
    );
  if (isDirectory(file)) throw isADirectory(place.path);
  if ((standardInformation(file).fileAttributes & FILE.encrypted) !== 0)
    throw new IronliftError(
      'NTFS_ENCRYPTED',
      `${place.path} is encrypted (EFS), and its key is not on the volume.`,
      {
        next: 'Decrypt it on the server with "cipher /d" where its content is to be changed.',
      },
    );
  return file;
}

export async function writeFile(
  volume: NtfsVolume,
  path: string,
  data: Uint8Array,
  options: CreateOptions,
): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.present === null) {
    checkName(place.name);
    const file = await create(volume, place, 0, options);
    await setContent(volume, file, DATA, data, 'content');
    await updateFacts(volume, file, options.mtime ?? volume.now);
    return;
  }
  const file = await ordinaryFile(volume, place);
  await setContent(volume, file, DATA, data, 'content');
  await updateFacts(volume, file, options.mtime ?? volume.now);
}

export async function mkdir(volume: NtfsVolume, path: string, options: CreateOptions): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.present !== null) throw alreadyExists(path);
  checkName(place.name);
  await create(volume, place, RECORD_FLAG.directory, options);
}

/** A new record with the attributes every file has, and its name in its folder. */
async function create(
  volume: NtfsVolume,
  place: Place,
  kind: number,
  options: CreateOptions,
): Promise<NtfsFile> {
  const { now, geometry } = volume;
  const folder = await openFolder(volume, place.folder);
  const security = await securityOfNew(volume, folder, {
    folder: kind !== 0,
    guarded: options.rights === 'administrators',
  });
  const record = await takeRecord(volume, kind);
  await volume.mft.write(record);
  const file: NtfsFile = { base: record, more: [], attributes: [] };
  const readOnly = kind === 0 && options.mode !== undefined && (options.mode & 0o222) === 0;
  const fileAttributes = kind === 0 ? FILE.archive | (readOnly ? FILE.readOnly : 0) : 0;
  const information = new Uint8Array(security.id === 0 ? 0x30 : 0x48);
  const view = viewOf(information);
  const mtime = options.mtime ?? now;
  writeTime(view, 0, now);
  writeTime(view, 8, mtime);
  writeTime(view, 0x10, now);
  writeTime(view, 0x18, now);
  view.setUint32(0x20, fileAttributes, true);
  if (security.id !== 0) view.setUint32(0x34, security.id, true);
  await putAttribute(volume, file, null, residentAttribute(ATTRIBUTE.standardInformation, '', information));
  const facts: Facts = {
    created: now,
    modified: mtime,
    allocated: 0,
    size: 0,
    fileAttributes: fileAttributes | (kind === 0 ? 0 : FILE.directory),
    tag: 0,
  };
  if (security.descriptor !== null)
    await setContent(volume, file, { type: ATTRIBUTE.security, name: '' }, security.descriptor, 'metadata');
  if (kind === 0)
    await putAttribute(volume, file, null, residentAttribute(ATTRIBUTE.data, '', new Uint8Array(0)));
  else {
    const root = indexRootValue({ items: [], end: null }, geometry.indexSize, geometry.clusterSize);
    await putAttribute(volume, file, null, residentAttribute(ATTRIBUTE.indexRoot, DIRECTORY_INDEX, root));
  }
  await addName(volume, file, place, facts);
  await setLinks(volume, file, 1);
  return file;
}

/** Gives a file one more name, in its record and in the folder. */
async function addName(volume: NtfsVolume, file: NtfsFile, place: Place, facts: Facts): Promise<void> {
  const value = fileNameValue(place.folder, place.name, facts, volume.now);
  await putAttribute(volume, file, null, residentAttribute(ATTRIBUTE.fileName, '', value, true));
  const reference = new Uint8Array(8);
  writeReference(viewOf(reference), 0, { record: file.base.number, sequence: file.base.sequence });
  const folder = await openFolder(volume, place.folder);
  await new IndexWriter(volume, folder).insert(itemFor(reference, value, place.name));
  await touchFolder(volume, place.folder);
}

interface FileName {
  attribute: Attribute;
  parent: Reference;
  name: string;
  namespace: number;
}

export function namesOfFile(file: NtfsFile): FileName[] {
  const names: FileName[] = [];
  for (const attribute of file.attributes) {
    if (attribute.type !== ATTRIBUTE.fileName) continue;
    const { value } = attribute;
    if (value === null || value.length < NAME_OFFSET || value.length < NAME_OFFSET + value[0x40]! * 2)
      throw damaged(`a name of record ${file.base.number} of the MFT cannot be read`);
    const view = viewOf(value);
    names.push({
      attribute,
      parent: readReference(view, 0),
      name: readUtf16(value, NAME_OFFSET, value[0x40]! * 2),
      namespace: value[0x41]!,
    });
  }
  return names;
}

/** Takes a name away: with the short one beside it, or the long one where the short one is given. */
async function removeName(volume: NtfsVolume, file: NtfsFile, place: Place): Promise<void> {
  const here = namesOfFile(file).filter(({ parent }) => parent.record === place.folder.record);
  const given = here.find(({ name }) => name === place.present!.name);
  if (given === undefined) throw damaged(`${place.path} is in a folder that its file does not know of`);
  const paired = given.namespace === NAMESPACE.win32 || given.namespace === NAMESPACE.dos;
  const other = paired
    ? here.find(
        ({ namespace }) =>
          namespace === (given.namespace === NAMESPACE.dos ? NAMESPACE.win32 : NAMESPACE.dos),
      )
    : undefined;
  for (const { name } of other === undefined ? [given] : [given, other]) {
    await new IndexWriter(volume, await openFolder(volume, place.folder)).remove(name);
    const now = namesOfFile(file).find(
      (one) => one.name === name && one.parent.record === place.folder.record,
    )!;
    await putAttribute(volume, file, now.attribute, null);
    await setLinks(volume, file, Math.max(0, file.base.links - 1));
  }
  await touchFolder(volume, place.folder);
}

export async function remove(volume: NtfsVolume, path: string): Promise<void> {
  const place = await placeOf(volume, path);
  if (place.present === null) throw notFound(path);
  const file = await openFile(volume, place.present.reference);
  refuseIndexed(file, path);
  if (isDirectory(file) && (await namesOf(volume, file)).length > 0)
    throw new IronliftError('DIRECTORY_NOT_EMPTY', `The folder ${path} is not empty.`, {
      next: 'Remove what is in it first.',
    });
  await removeName(volume, file, place);
  if (namesOfFile(file).length > 0) return;
  for (const { type, name, value, firstVcn } of file.attributes)
    if (value === null && firstVcn === 0)
      await freeClusters(volume, openStream(volume, file, type, name)!.runs);
  const list = file.base.attributes.find(({ type }) => type === ATTRIBUTE.list);
  if (list !== undefined && file.more.length > 0)
    for (const record of file.more) await releaseRecord(volume, record);
  await releaseRecord(volume, file.base);
}

/** Links and object identifiers are listed in indexes of the file system, which this version does not change. */
function refuseIndexed(file: NtfsFile, path: string): void {
  for (const [type, what] of [
    [ATTRIBUTE.reparsePoint, 'a reparse point'],
    [ATTRIBUTE.objectId, 'an object identifier'],
  ] as const)
    if (file.attributes.some((one) => one.type === type))
      throw notSupported(
        `${path} has ${what}, so this version does not remove it.`,
        'Leave it where it is, or remove it on the server.',
      );
}

export async function rename(volume: NtfsVolume, from: string, to: string): Promise<void> {
  const source = await placeOf(volume, from);
  if (source.present === null) throw notFound(from);
  const target = await placeOf(volume, to);
  checkName(target.name);
  const file = await openFile(volume, source.present.reference);
  // A change of case only finds the file itself under the new name.
  const itself =
    target.present?.reference.record === file.base.number && target.folder.record === source.folder.record;
  if (target.present !== null && !(itself && volume.upcase.compare(source.name, target.name) === 0))
    throw alreadyExists(to);
  if (isDirectory(file) && (await isInside(volume, target, file)))
    throw usage(`The folder ${from} cannot be moved into itself.`, 'Choose a place outside of it.');
  const facts = factsOf(file);
  // The tag in the folder is what programs go by, and some keep it there only.
  facts.tag = source.present.tag || facts.tag;
  const links = file.base.links;
  const names = namesOfFile(file).length;
  await removeName(volume, file, source);
  await addName(volume, file, target, facts);
  await setLinks(volume, file, links - (names - namesOfFile(file).length));
  await touch(volume, file, null);
}

/** By the folders themselves: a short name leads to the same one. */
async function isInside(volume: NtfsVolume, { path }: Place, folder: NtfsFile): Promise<boolean> {
  const names = splitPath(path);
  for (let depth = 1; depth < names.length; depth++)
    if ((await folderAt(volume, names.slice(0, depth))).record === folder.base.number) return true;
  return false;
}

export function factsOf(file: NtfsFile): Facts {
  const value = findAttribute(file, ATTRIBUTE.standardInformation)!.value!;
  const data = findAttribute(file, ATTRIBUTE.data);
  const name = findAttribute(file, ATTRIBUTE.fileName);
  const { mtime, fileAttributes } = standardInformation(file);
  return {
    created: readTime(viewOf(value), 0),
    modified: mtime,
    allocated: data === undefined ? 0 : data.value === null ? data.allocated : Math.ceil(data.size / 8) * 8,
    size: data?.size ?? 0,
    fileAttributes: fileAttributes | (isDirectory(file) ? FILE.directory : 0),
    tag: name?.value === undefined || name.value === null ? 0 : viewOf(name.value).getUint32(0x3c, true),
  };
}

/** Times of the file itself; `modified` null where its content stays. File attributes follow the content. */
async function touch(
  volume: NtfsVolume,
  file: NtfsFile,
  modified: number | null,
  bits?: (old: number) => number,
): Promise<void> {
  const attribute = findAttribute(file, ATTRIBUTE.standardInformation)!;
  const bytes = Uint8Array.from(attributeBytes(file, attribute));
  const at = viewOf(bytes).getUint16(0x14, true);
  const view = viewOf(bytes.subarray(at));
  if (modified !== null) writeTime(view, 8, modified);
  writeTime(view, 0x10, volume.now);
  if (bits !== undefined) view.setUint32(0x20, bits(view.getUint32(0x20, true)), true);
  await putAttribute(volume, file, attribute, bytes);
}

const attributeBytes = (file: NtfsFile, { record, offset, length }: Attribute): Uint8Array =>
  [file.base, ...file.more].find(({ number }) => number === record)!.bytes.subarray(offset, offset + length);

async function touchFolder(volume: NtfsVolume, folder: Reference): Promise<void> {
  await touch(volume, await openFolder(volume, folder), volume.now);
}

/** After a change of its content: times and attributes of the file, and the copies of them beside each of its names. */
export async function updateFacts(volume: NtfsVolume, file: NtfsFile, modified: number): Promise<void> {
  const data = findAttribute(file, ATTRIBUTE.data);
  const gone = (data?.flags ?? 0) === 0 ? FILE.compressed | FILE.sparse : 0;
  await touch(volume, file, modified, (old) => (old & ~gone) | FILE.archive);
  await copyFacts(volume, file);
}

async function copyFacts(volume: NtfsVolume, file: NtfsFile): Promise<void> {
  const facts = factsOf(file);
  const change = (view: DataView): void => {
    writeTime(view, 0x10, facts.modified);
    writeTime(view, 0x18, volume.now);
    view.setBigUint64(0x28, BigInt(facts.allocated), true);
    view.setBigUint64(0x30, BigInt(facts.size), true);
    view.setUint32(0x38, facts.fileAttributes, true);
  };
  for (const { attribute, name, parent } of namesOfFile(file)) {
    await new IndexWriter(volume, await openFolder(volume, parent)).update(name, change);
    const bytes = Uint8Array.from(attributeBytes(file, attribute));
    change(viewOf(bytes.subarray(viewOf(bytes).getUint16(0x14, true))));
    await putAttribute(volume, file, attribute, bytes);
  }
}

/** Of a mode NTFS keeps one thing here: whether the file may be written to. */
export async function chmod(volume: NtfsVolume, path: string, mode: number): Promise<void> {
  if (splitPath(path).length === 0) return;
  const place = await placeOf(volume, path);
  if (place.present === null) throw notFound(path);
  const file = await openFile(volume, place.present.reference);
  if (isDirectory(file)) return;
  await touch(
    volume,
    file,
    null,
    (old) => (old & ~FILE.readOnly) | ((mode & 0o222) === 0 ? FILE.readOnly : 0),
  );
  await copyFacts(volume, file);
}

const MAX_STREAM = 64 << 10;

/** The name a stream has already, in whatever case: two that differ in case only are one to Windows. */
const streamNamed = (volume: NtfsVolume, file: NtfsFile, name: string): string =>
  file.attributes.find(
    (one) => one.type === ATTRIBUTE.data && one.name !== '' && volume.upcase.compare(one.name, name) === 0,
  )?.name ?? name;

/** An extended attribute `user.NAME` is the alternate stream NAME; null takes it away. */
export async function setStream(
  volume: NtfsVolume,
  path: string,
  attribute: string,
  value: Uint8Array | null,
): Promise<void> {
  const name = /^user\.(.+)$/su.exec(attribute)?.[1];
  if (name === undefined) throw notSupported(`An NTFS file has no extended attribute ${attribute}.`);
  checkName(name);
  if (value !== null && value.length > MAX_STREAM)
    throw notSupported(`The value of ${attribute} has ${value.length} bytes, more than ${MAX_STREAM}.`);
  const file = await ordinaryFile(volume, await placeOf(volume, path));
  const key = { type: ATTRIBUTE.data, name: streamNamed(volume, file, name) };
  if (value !== null) await setContent(volume, file, key, value, 'content');
  else {
    const stream = openStream(volume, file, key.type, key.name);
    if (stream === null) throw notFound(`${path}:${name}`);
    // Emptied first, so that it is one attribute without clusters.
    await setContent(volume, file, key, new Uint8Array(0), 'content');
    await putAttribute(volume, file, findAttribute(file, key.type, key.name)!, null);
  }
  await touch(volume, file, null);
}
