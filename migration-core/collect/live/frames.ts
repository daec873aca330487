/**
 * Reads what resources/collectors/linux-sample.sh prints: lines that begin with the token are ours, what follows each is
 * the text of one kernel file. Nobody on the server knows the token, so no name of a process, disk or volume can pass
 * for a line of ours.
 */
import { StringDecoder } from 'node:string_decoder';

export interface MachineFacts {
  /** As `uname -m` says. */
  architecture: string;
  pageBytes: number;
  /** Logical processors. */
  processors: number;
}

export interface Frame {
  /** Seconds since the server started, by a clock that nobody sets. */
  uptime: number;
  /** Seconds since 1970 by the server's clock. */
  epoch: number;
  /** Lines of each part: `stat`, `meminfo`, `vmstat`, `loadavg`, `diskstats`, `net`, `processes`, `disks`, `nics`, `volumes`. */
  parts: ReadonlyMap<string, readonly string[]>;
}

export type FrameEvent =
  | { kind: 'machine'; machine: MachineFacts }
  | { kind: 'frame'; frame: Frame }
  | { kind: 'problem'; message: string; excerpt?: string };

/** The longest real line is df's with a path of 4096 bytes. */
const LINE_CHARACTERS = 8 << 10;
/** Servers with some thousand LUNs over eight paths have as many lines in /proc/diskstats. */
const FRAME_LINES = 100_000;
const FRAME_CHARACTERS = 16 << 20;
/** The script has ten parts; only a server that wants our memory prints more. */
const FRAME_PARTS = 64;
/** Seconds: a hundred years. Above it, milliseconds since 1970 are no longer exact, and at last no number. */
const LONGEST_UPTIME = 100 * 365 * 86_400;

export async function* readFrames(
  output: AsyncIterable<Uint8Array>,
  token: string,
): AsyncGenerator<FrameEvent> {
  const assembly = new Assembly(`${token} `);
  for await (const line of lines(output)) {
    const event = line === null ? tooLong : assembly.take(line);
    if (event !== null) yield event;
  }
}

const tooLong: FrameEvent = {
  kind: 'problem',
  message: `A line of the server is longer than ${LINE_CHARACTERS} characters and was left out.`,
};

/** null stands for a line that was too long. A last line without its end is not whole, and left out. */
async function* lines(output: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let skipping = false;
  for await (const piece of output) {
    const parts = (rest + decoder.write(Buffer.from(piece))).split('\n');
    rest = parts.pop()!;
    for (const line of parts) {
      if (skipping) skipping = false;
      else yield line.length > LINE_CHARACTERS ? null : line;
    }
    if (rest.length > LINE_CHARACTERS) {
      if (!skipping) yield null;
      skipping = true;
      rest = '';
    }
  }
}

class Assembly {
  readonly #prefix: string;
  #head: { uptime: number; epoch: number } | null = null;
  #parts = new Map<string, string[]>();
  #part: string[] | null = null;
  #lines = 0;
  #characters = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  take(line: string): FrameEvent | null {
    if (line.startsWith(this.#prefix)) return this.#mark(line.slice(this.#prefix.length).split(' '));
    if (this.#part === null) return null;
    this.#lines++;
    this.#characters += line.length;
    if (this.#lines > FRAME_LINES || this.#characters > FRAME_CHARACTERS) {
      // The parts that are whole stay; what the flood is in, is left out.
      this.#part.length = 0;
      this.#part = null;
      return {
        kind: 'problem',
        message: 'A sample is larger than any server makes it; its rest was left out.',
      };
    }
    this.#part.push(line);
    return null;
  }

  #mark(words: string[]): FrameEvent | null {
    this.#part = null;
    switch (words[0]) {
      case 'machine':
        return { kind: 'machine', machine: machineFacts(words) };
      case 'sample': {
        const uptime = Number(words[1]);
        const epoch = Number(words[2]);
        this.#parts = new Map();
        this.#lines = 0;
        this.#characters = 0;
        const isTime = uptime >= 0 && uptime <= LONGEST_UPTIME && words[1] !== '';
        this.#head = isTime ? { uptime, epoch } : null;
        if (this.#head !== null) return null;
        return {
          kind: 'problem',
          message: 'A sample without a time was left out.',
          excerpt: words.join(' ').slice(0, 200),
        };
      }
      case 'end': {
        const head = this.#head;
        this.#head = null;
        return head === null ? null : { kind: 'frame', frame: { ...head, parts: this.#parts } };
      }
      default:
        if (this.#head === null) return null;
        if (this.#parts.size >= FRAME_PARTS) return null;
        this.#part = [];
        this.#parts.set(words[0]!, this.#part);
        return null;
    }
  }
}

function machineFacts([, architecture = '', pageBytes, processors]: string[]): MachineFacts {
  const page = Number(pageBytes);
  const logical = Number(processors);
  return {
    architecture,
    // Linux has pages from 4 KiB to 256 KiB.
    pageBytes: Number.isInteger(page) && page >= 4096 && page <= 1 << 18 ? page : 4096,
    processors: Number.isInteger(logical) && logical > 0 && logical <= 65_536 ? logical : 1,
  };
}
