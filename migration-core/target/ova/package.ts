/**
 * Makes the .ova: description, manifest of digests, disks, in this order (DSP0243, section 5.3). Each disk is appended in
 * one pass that takes its digest, and its file removed, so the destination holds one disk twice at most. The manifest has a
 * known length and gets its room at the start. The first block comes last: until then the file is no archive.
 */
import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { throwIfCancelled } from '../../base/cancel.ts';
import { IronliftError } from '../../base/errors.ts';
import { readFailed, writeFailed } from '../../block/file-errors.ts';
import { progressMeter, type ProgressMeter } from '../../block/progress-meter.ts';
import { fileStem } from '../identity.ts';
import type { FinishedDisk, PackagedDisk, PackageRequest } from '../target.ts';
import { ovfDocument } from './ovf.ts';
import { TAR_BLOCK, TAR_END, tarHeader, tarRoom } from './tar.ts';

const PIECE = 4 << 20;

/** One line for each file, as `openssl dgst` writes them and all importers read them. */
export const manifestText = (files: readonly { name: string; sha256: string }[]): string =>
  files.map(({ name, sha256 }) => `SHA256(${name})= ${sha256}\n`).join('');

export async function packOva(request: PackageRequest): Promise<PackagedDisk[]> {
  const { path } = request;
  const file = await typed(path, () => open(path, 'wx'));
  try {
    const packed = await fill(file, request);
    await typed(path, () => file.close());
    return packed;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function fill(file: FileHandle, request: PackageRequest): Promise<PackagedDisk[]> {
  const { machine, disks, path, signal } = request;
  const stem = fileStem(machine.name);
  const names = machine.disks.map((disk) => disk.file);
  const ovfName = `${stem}.ovf`;
  const ovf = Buffer.from(
    ovfDocument(
      machine,
      names.map((name, index) => ({ name, bytes: disks[index]!.bytes })),
    ),
  );
  const ovfSha256 = createHash('sha256').update(ovf).digest('hex');
  const manifest = (digests: readonly string[]): Buffer =>
    Buffer.from(
      manifestText([
        { name: ovfName, sha256: ovfSha256 },
        ...names.map((name, index) => ({ name, sha256: digests[index]! })),
      ]),
    );
  const manifestBytes = manifest(names.map(() => '0'.repeat(64))).length;
  const manifestAt = TAR_BLOCK + tarRoom(ovf.length);
  const write = (data: Uint8Array, offset: number): Promise<void> =>
    typed(path, () => writeFully(file, data, offset));

  await write(ovf, TAR_BLOCK);
  await write(tarHeader(`${stem}.mf`, manifestBytes), manifestAt);
  let at = manifestAt + TAR_BLOCK + tarRoom(manifestBytes);
  const totalBytes = disks.reduce((sum, { bytes }) => sum + bytes, 0);
  const meter = progressMeter(request.onProgress, { phase: 'pack', totalBytes, skippedBytes: 0 });
  const packed: PackagedDisk[] = [];
  for (const [index, disk] of disks.entries()) {
    await write(tarHeader(names[index]!, disk.bytes), at);
    const offset = at + TAR_BLOCK;
    const sha256 = await append(disk, (data, place) => write(data, offset + place), meter, signal);
    packed.push({ offset, bytes: disk.bytes, sha256 });
    at = offset + tarRoom(disk.bytes);
    // Only what the medium has may go.
    await typed(path, () => file.datasync());
    await typed(disk.path, () => rm(disk.path));
  }
  await write(TAR_END, at);
  await write(manifest(packed.map(({ sha256 }) => sha256)), manifestAt + TAR_BLOCK);
  await typed(path, () => file.datasync());
  await write(tarHeader(ovfName, ovf.length), 0);
  await typed(path, () => file.datasync());
  meter.finish();
  return packed;
}

/** Copies a disk's file and returns its SHA-256. @throws VERIFY_FAILED where that is not what was verified before */
async function append(
  disk: FinishedDisk,
  write: (data: Uint8Array, offset: number) => Promise<void>,
  meter: ProgressMeter,
  signal: AbortSignal | undefined,
): Promise<string> {
  const source = await typedRead(0, () => open(disk.path, 'r'));
  const hash = createHash('sha256');
  try {
    const buffer = Buffer.alloc(Math.min(PIECE, Math.max(1, disk.bytes)));
    for (let done = 0; done < disk.bytes;) {
      throwIfCancelled(signal);
      const want = Math.min(buffer.length, disk.bytes - done);
      const { bytesRead } = await typedRead(done, () => source.read(buffer, 0, want, done));
      if (bytesRead === 0) throw changed(disk.path);
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      await write(piece, done);
      done += bytesRead;
      meter.add(bytesRead);
    }
  } finally {
    await source.close();
  }
  const sha256 = hash.digest('hex');
  if (disk.sha256 !== null && disk.sha256 !== sha256) throw changed(disk.path);
  return sha256;
}

function changed(path: string): IronliftError {
  return new IronliftError('VERIFY_FAILED', `${path} is no longer what was verified a moment ago.`, {
    next: 'Check the destination medium and the memory of this machine, then convert again.',
    data: { path },
  });
}

async function writeFully(file: FileHandle, data: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await file.write(data, done, data.length - done, offset + done);
    done += bytesWritten;
  }
}

async function typed<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeFailed(path, error);
  }
}

async function typedRead<T>(offset: number, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw readFailed(error, offset);
  }
}
