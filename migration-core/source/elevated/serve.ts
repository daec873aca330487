/**
 * The helper that runs with the rights of root, for one disk that a person agreed to by name. What it may do: open that
 * disk for reading, once, and hand out its bytes. It opens no file, writes nothing, starts nothing, takes no second name,
 * gives its rights up as soon as the disk is open, and ends with whoever started it.
 */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { BlockSource } from '../../block/source.ts';
import { linuxBlockDevice } from '../block-device.linux.ts';
import { listedBlockDevice } from '../block-device.listed.ts';
import type { SourceDisk } from '../source.ts';
import { ByteQueue } from './byte-queue.ts';
import {
  answerHead,
  NONCE_BYTES,
  QUESTION_BYTES,
  QUESTIONS,
  readQuestion,
  STATUS,
  type OpenedDisk,
} from './protocol.ts';

export interface HelperWorld {
  input: Readable;
  output: Writable;
  /** After the disk is open: from now on no more than the person who asked. */
  giveUpRights(): void;
}

/** @param args the disk, and `--allow-mounted` where a person accepted that. Returns the exit status. */
export async function serveDevice(args: readonly string[], world: HelperWorld): Promise<number> {
  const { input, output } = world;
  const queue = new ByteQueue(input);
  const nonce = await queue.take(NONCE_BYTES);
  if (nonce === null) return 2;
  output.write(nonce);
  let source: SourceDisk;
  try {
    source = await openDisk(args);
    world.giveUpRights();
  } catch (error) {
    await send(output, 0, STATUS.error, errorBytes(error));
    return 1;
  }
  try {
    const { description, fingerprint, findings } = source;
    const opened: OpenedDisk = { description, fingerprint, findings } as OpenedDisk;
    await send(output, 0, STATUS.bytes, Buffer.from(JSON.stringify(opened)));
    return await answerQuestions(queue, output, source.disk);
  } finally {
    await source.disk.close();
  }
}

/** A disk of this computer and nothing else: with these rights any file could be read by a name. */
async function openDisk(args: readonly string[]): Promise<SourceDisk> {
  const [device, ...more] = args;
  const allowMounted = more.length === 1 && more[0] === '--allow-mounted';
  if (
    device === undefined ||
    (more.length > 0 && !allowMounted) ||
    !/^(?:\/dev\/|\\\\\.\\)[\w./-]{1,200}$/u.test(device)
  )
    throw notADisk(String(device));
  const disks = process.platform === 'linux' ? linuxBlockDevice : listedBlockDevice;
  if (!(await disks.claims(device))) throw notADisk(device);
  return disks.open(device, { allowMounted });
}

const notADisk = (device: string): IronliftError =>
  new IronliftError('SOURCE_NOT_A_DISK', `${device} is not a disk of this computer.`, {
    next: 'Name a disk that `ironlift disks` lists.',
  });

async function answerQuestions(queue: ByteQueue, output: Writable, disk: BlockSource): Promise<number> {
  const underway = new Set<Promise<void>>();
  for (;;) {
    const bytes = await queue.take(QUESTION_BYTES);
    if (bytes === null) return 0;
    const question = readQuestion(bytes);
    if (question === null) return 2;
    // Questions beyond these stay in the pipe, and take no memory here.
    while (underway.size >= QUESTIONS) await Promise.race(underway);
    const { id, length, offset } = question;
    const answer = read(disk, length, offset)
      .then(({ status, payload }) => send(output, id, status, payload))
      // The program is gone: the end of the input tells, and ends this.
      .catch(() => undefined)
      .finally(() => underway.delete(answer));
    underway.add(answer);
  }
}

async function read(
  disk: BlockSource,
  length: number,
  offset: number,
): Promise<{ status: number; payload: Uint8Array }> {
  const payload = new Uint8Array(length);
  try {
    await disk.read(payload, offset);
    return { status: STATUS.bytes, payload };
  } catch (error) {
    return { status: STATUS.error, payload: errorBytes(error) };
  }
}

async function send(output: Writable, id: number, status: number, payload: Uint8Array): Promise<void> {
  output.write(answerHead(id, status, payload.length));
  // Waiting here keeps answers that nobody takes from gathering.
  if (!output.write(payload)) await once(output, 'drain');
}

const errorBytes = (error: unknown): Buffer =>
  Buffer.from(
    JSON.stringify(
      isIronliftError(error)
        ? error.toJSON()
        : new IronliftError(
            'HELPER_FAILED',
            `The helper that reads the disk failed: ${error instanceof Error ? error.message : String(error)}.`,
            { next: 'Try again; if it fails again, make an image of the disk and convert that.' },
          ).toJSON(),
    ),
  );
