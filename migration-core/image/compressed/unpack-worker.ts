/** An unpacking thread: one piece after another, into memory that is handed over or into a file. See unpack-threads.ts. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { isIronliftError, systemErrorCode } from '../../base/errors.ts';
import { borrowedFile, type ReadFile } from '../read-file.ts';
import { dataParts } from './data-parts.ts';
import { packings } from './packings.ts';
import { unpackWhole } from './unpack-whole.ts';
import type { UnpackReply, UnpackSetup, UnpackTask } from './unpack-messages.ts';

/** Packed bytes between two messages about progress. */
const NEWS = 256 << 10;

const setup = workerData as UnpackSetup;
const packing = packings.find(({ id }) => id === setup.packing)!;
const reply = (message: UnpackReply, transfer: ArrayBuffer[] = []): void =>
  parentPort!.postMessage(message, transfer);

let packed = 0;
let written = 0;

function news(least: number): void {
  if (packed < least && written < least) return;
  reply({ kind: 'progress', packed, written });
  packed = written = 0;
}

const borrowed = borrowedFile(setup.fd, setup.path, { offset: setup.start, length: setup.size });
/** Counts what is taken of it. */
const file: ReadFile = {
  ...borrowed,
  async read(into, offset) {
    await borrowed.read(into, offset);
    packed += into.length;
    news(NEWS);
  },
};

async function perform({ piece, target }: UnpackTask): Promise<ArrayBuffer | null> {
  if (target === null) return (await unpackWhole(file, packing, piece)).buffer;
  let at = target.offset;
  for await (const chunk of packing.unpackPiece(file, piece)) {
    for (const { offset, bytes } of dataParts(chunk, at)) {
      for (let done = 0; done < bytes.length;)
        done += writeSync(target.fd, bytes, done, bytes.length - done, offset + done);
      written += bytes.length;
    }
    at += chunk.length;
    news(NEWS);
  }
  return null;
}

parentPort!.on('message', (task: UnpackTask) => {
  perform(task).then(
    (bytes) => {
      news(1);
      reply({ kind: 'done', bytes }, bytes === null ? [] : [bytes]);
    },
    (error: unknown) => {
      if (isIronliftError(error)) reply({ kind: 'refused', error: error.toJSON() });
      else reply({ kind: 'failed', code: systemErrorCode(error) ?? '', message: String(error) });
    },
  );
});
