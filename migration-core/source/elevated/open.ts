/** A disk that this program may not read itself, by the helper that a person gives the right to. */
import { randomBytes } from 'node:crypto';
import { IronliftError, systemErrorCode } from '../../base/errors.ts';
import { checkRange } from '../../block/range.ts';
import type { BlockSource } from '../../block/source.ts';
import type { SourceDisk } from '../source.ts';
import { ByteQueue } from './byte-queue.ts';
import { openChannel, type Channel, type Ending } from './channel.ts';
import type { HelperCommand } from './helper-command.ts';
import {
  ANSWER_BYTES,
  LARGEST_READ,
  NONCE_BYTES,
  openedDisk,
  QUESTIONS,
  readError,
  STATUS,
  TEXT_LIMIT,
  writeQuestion,
} from './protocol.ts';

export type { HelperCommand } from './helper-command.ts';

/**
 * Starts the helper for one disk. Waits as long as the person takes to answer the system's question.
 * @throws ELEVATION_REFUSED, ELEVATION_NOT_POSSIBLE, HELPER_FAILED, and what opening a disk refuses
 */
export async function openElevated(
  helper: HelperCommand,
  device: string,
  { allowMounted, signal }: { allowMounted?: boolean | undefined; signal?: AbortSignal | undefined } = {},
): Promise<SourceDisk> {
  const args = [device, ...(allowMounted === true ? ['--allow-mounted'] : [])];
  const channel = await openChannel(helper, args, signal);
  if ('how' in channel) throw errorOf(channel, device);
  const line = new HelperLine(channel, device);
  try {
    return await line.open();
  } catch (error) {
    line.end();
    throw error;
  }
}

interface Waiting {
  into: Uint8Array;
  resolve: () => void;
  reject: (error: unknown) => void;
}

class HelperLine {
  readonly #channel: Channel;
  readonly #queue: ByteQueue;
  readonly #waiting = new Map<number, Waiting>();
  readonly #turns: (() => void)[] = [];
  /** Resolves with why it ended. */
  readonly #ended: Promise<IronliftError>;
  #failure: IronliftError | null = null;
  #ids = 0;

  constructor(channel: Channel, device: string) {
    this.#channel = channel;
    this.#queue = new ByteQueue(channel.output);
    this.#ended = channel.ended.then((ending) => errorOf(ending, device));
    void this.#ended.then((error) => this.#fail(error));
  }

  async open(): Promise<SourceDisk> {
    const nonce = randomBytes(NONCE_BYTES);
    this.#channel.input.write(nonce);
    const echo = await this.#queue.take(NONCE_BYTES).catch(() => null);
    if (echo === null) throw await this.#ended;
    if (!echo.equals(nonce)) throw this.#strange();
    const first = await this.#answer();
    if (first?.id !== 0) throw first === null ? await this.#ended : this.#strange();
    if (first.length > TEXT_LIMIT) throw this.#strange();
    const text = (await this.#queue.take(first.length))?.toString('utf8');
    if (text === undefined) throw await this.#ended;
    if (first.status !== STATUS.bytes) throw this.#errorOf(text);
    const opened = openedDisk.safeParse(parseJson(text));
    if (!opened.success) throw this.#strange();
    void this.#listen();
    const { description, fingerprint, findings } = opened.data;
    const disk = this.#disk(description.size, description.sectorSize);
    return { description, fingerprint, findings, files: [], disk };
  }

  #disk(size: number, sectorSize: number): BlockSource {
    return {
      size,
      sectorSize,
      read: async (into, offset) => {
        checkRange(offset, into.length, size);
        const pieces: Promise<void>[] = [];
        for (let at = 0; at < into.length; at += LARGEST_READ)
          pieces.push(this.#ask(into.subarray(at, at + LARGEST_READ), offset + at));
        await Promise.all(pieces);
      },
      close: async () => {
        this.end();
        await this.#ended;
      },
    };
  }

  async #ask(into: Uint8Array, offset: number): Promise<void> {
    if (into.length === 0) return;
    while (this.#waiting.size >= QUESTIONS) await new Promise<void>((resolve) => this.#turns.push(resolve));
    if (this.#failure !== null) throw this.#failure;
    // From 1 on, and around after four thousand million questions: no two of them are under way together.
    this.#ids = (this.#ids % 0xffff_ffff) + 1;
    const id = this.#ids;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.set(id, { into, resolve, reject });
      this.#channel.input.write(writeQuestion({ id, length: into.length, offset }));
    });
  }

  /** Until the helper ends: hands each answer to who waits for it. */
  async #listen(): Promise<void> {
    for (;;) {
      const answer = await this.#answer().catch(() => null);
      if (answer === null) return;
      const waiting = this.#waiting.get(answer.id);
      const sound =
        waiting !== undefined &&
        (answer.status === STATUS.bytes
          ? answer.length === waiting.into.length
          : answer.length <= TEXT_LIMIT);
      if (!sound) {
        this.#fail(this.#strange());
        this.end();
        return;
      }
      const payload = await this.#queue.take(answer.length).catch(() => null);
      if (payload === null) return;
      this.#waiting.delete(answer.id);
      this.#turns.shift()?.();
      if (answer.status === STATUS.bytes) {
        waiting.into.set(payload);
        waiting.resolve();
      } else waiting.reject(this.#errorOf(payload.toString('utf8')));
    }
  }

  async #answer(): Promise<{ id: number; status: number; length: number } | null> {
    const head = await this.#queue.take(ANSWER_BYTES);
    if (head === null) return null;
    return { id: head.readUInt32LE(0), status: head.readUInt32LE(4), length: head.readUInt32LE(8) };
  }

  /** The helper ends with its input; with other rights than ours it could not be killed anyway. */
  end(): void {
    this.#channel.input.end();
  }

  #fail(error: IronliftError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
    for (const turn of this.#turns.splice(0)) turn();
  }

  #errorOf(text: string): IronliftError {
    try {
      return readError(text);
    } catch {
      return this.#strange();
    }
  }

  #strange(): IronliftError {
    return new IronliftError('HELPER_FAILED', 'The helper that reads the disk answers what it should not.', {
      next: 'Install Ironlift again, then try again.',
    });
  }
}

function errorOf(ending: Ending, device: string): IronliftError {
  if (ending.how === 'not-started')
    return new IronliftError(
      'ELEVATION_NOT_POSSIBLE',
      `The right to read ${device} cannot be asked for: ${programOf(ending.error)} cannot be started.`,
      {
        next: 'Make an image of the disk and choose that, or run `sudo ironlift serve`.',
        data: { errno: systemErrorCode(ending.error) },
        cause: ending.error,
      },
    );
  const data = { status: ending.code, stderr: ending.stderr };
  if (ending.how === 'refused')
    return new IronliftError('ELEVATION_REFUSED', `The right to read ${device} was not given.`, {
      next: 'Start again and agree when the system asks, or choose an image of the disk.',
      data,
    });
  return new IronliftError('HELPER_FAILED', `The helper that reads ${device} ended while it was needed.`, {
    next: 'Check that the disk is still connected, then try again.',
    data,
  });
}

/** Node says which program could not be started. */
const programOf = (error: Error & { path?: unknown }): string =>
  typeof error.path === 'string' ? error.path : 'the helper';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
