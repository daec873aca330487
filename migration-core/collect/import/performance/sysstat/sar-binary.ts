/**
 * The daily data files of sysstat (/var/log/sa/saDD). Their layout changes from version to version and with the processor,
 * so they are converted by `sadf` where this machine has it; older ones it brings up to date first (`sadf -c`).
 *
 * Begins with the magic 0xd596 in the byte order of the server, and a second number that tells the layout (sa.h).
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { throwIfCancelled } from '../../../../base/cancel.ts';
import { IronliftError } from '../../../../base/errors.ts';
import type { Importer, ImportInput } from '../../../collector.ts';
import { sadfJson } from './sadf-json.ts';

/** A day of a large server, by the second. */
const MAX_FILE = 4 * 2 ** 30;
/** What is looked at of what sadf tells about a file, bytes. */
const MAX_HEADER = 1 << 20;
/** Gigabytes take minutes; what takes longer hangs. */
const CONVERT_SECONDS = 1800;

export const sarBinary: Importer = {
  id: 'sar-binary',
  name: 'sysstat daily data file (saDD)',
  recognise(input) {
    const [a, b] = input.head;
    return !input.isFolder && ((a === 0x96 && b === 0xd5) || (a === 0xd5 && b === 0x96)) ? 3 : 0;
  },

  async *read(input, options) {
    const folder = await mkdtemp(join(tmpdir(), 'ironlift-sar-'));
    try {
      const plain = join(folder, 'sa');
      await write(plain, input.read(), options.signal);
      const file = (await canRead(plain, input.name))
        ? plain
        : await upToDate(plain, join(folder, 'sa.new'), input.name, options.signal);
      yield* sadfJson.read(converted(file, input), options);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The same in the words of JSON, as sadf prints it. */
const converted = (file: string, input: ImportInput): ImportInput => ({
  ...input,
  head: new Uint8Array(0),
  async *read(): AsyncGenerator<Uint8Array> {
    const child = sadf(['-j', file, '--', '-A'], input.name);
    yield* child.output;
    if ((await child.status) !== 0) throw notConvertible(input.name);
  },
});

/** `sadf -H` succeeds for files of older versions too, but then tells nothing of the host. */
async function canRead(path: string, name: string): Promise<boolean> {
  const child = sadf(['-H', path], name);
  let text = '';
  for await (const piece of child.output)
    if (text.length < MAX_HEADER) text += Buffer.from(piece).toString('latin1');
  return (await child.status) === 0 && /^Host: /mu.test(text);
}

/** @throws IMPORT_NOT_SUPPORTED where sadf cannot bring it up to date */
async function upToDate(
  path: string,
  to: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const child = sadf(['-c', path], name);
  await write(to, child.output, signal);
  if ((await child.status) !== 0 || !(await canRead(to, name))) throw notConvertible(name);
  return to;
}

/** Runs sadf; it ends with whoever reads its output. @throws IMPORT_NOT_SUPPORTED where there is none */
function sadf(
  args: string[],
  name: string,
): { output: AsyncGenerator<Uint8Array>; status: Promise<number | null> } {
  const child = spawn('sadf', args, {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), CONVERT_SECONDS * 1000);
  const status = new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => reject('code' in error && error.code === 'ENOENT' ? noSadf(name) : error));
    child.on('close', resolve);
  }).finally(() => clearTimeout(timer));
  // Whoever reads waits for it afterwards.
  status.catch(() => undefined);
  const output = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of child.stdout as AsyncIterable<Buffer>) yield piece;
      await status;
    } finally {
      child.kill('SIGKILL');
    }
  };
  return { output: output(), status };
}

async function write(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let total = 0;
  const bounded = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      total += piece.length;
      if (total > MAX_FILE)
        throw new IronliftError('IMPORT_DAMAGED', 'The data file of sysstat is larger than one can be.', {
          next: 'Copy it again from the server.',
        });
      yield new Uint8Array(piece);
    }
  };
  try {
    await pipeline(bounded, createWriteStream(path), ...(signal === undefined ? [] : [{ signal }]));
  } catch (error) {
    // Else it is an AbortError, which is none of ours: a fault of the program.
    throwIfCancelled(signal);
    throw error;
  }
}

const HOW =
  'On the server run: LC_ALL=C sadf -j FILE -- -A > FILE.json (or sadf -d on old versions), and import that.';

const noSadf = (name: string): IronliftError =>
  new IronliftError(
    'IMPORT_NOT_SUPPORTED',
    `${name} is a binary file of sysstat, and this machine has no sadf to convert it.`,
    {
      next: HOW,
    },
  );

const notConvertible = (name: string): IronliftError =>
  new IronliftError('IMPORT_NOT_SUPPORTED', `The sadf of this machine cannot convert ${name}.`, {
    next: HOW,
  });
