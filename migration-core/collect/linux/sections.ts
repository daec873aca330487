/**
 * The frame in which resources/collectors/linux.sh hands over what the tools of a server printed: `|` before each line of
 * output, `!` before each line of errors, `@` before the frame's own lines. Whatever a tool prints, it cannot be taken
 * for the frame. Read in pieces of any size, and bounded: a server may send what it likes.
 */

export interface Section {
  /** Exit status of the tool; 124 and 137: was stopped after its time. Null: the section was never ended. */
  status: number | null;
  /** Standard output, lines ended by `\n`. */
  text: string;
  /** Standard error. */
  errors: string;
  /** There was more than is kept. */
  truncated: boolean;
}

export interface Collected {
  /** By name: `dmidecode`, `file:/proc/cpuinfo`. The first of a name counts. */
  sections: Map<string, Section>;
  /** The script came to its end. */
  complete: boolean;
  /** Lines that belong to no section: banners of a login, damage. */
  strayLines: number;
}

/** `/proc/cpuinfo` of 1024 processors has 2 MB, `lsblk -J -O` of a thousand paths 5 MB. */
export const MAX_SECTION_BYTES = 8 << 20;
/** All sections together; one server with everything has about 4 MB. */
export const MAX_TOTAL_BYTES = 64 << 20;
/** The script has about 80, and three for each network card. */
export const MAX_SECTIONS = 4000;
const MAX_ERROR_BYTES = 64 << 10;
/** Longest line of the frame: a name is a path at most. */
const MAX_FRAME_LINE = 1024;

const NEWLINE = 10;
const RETURN = 13;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes that are added in pieces: one buffer that doubles, for a million lines of one byte must not be a million objects. */
class Gathered {
  #buffer = Buffer.alloc(0);
  length = 0;

  add(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(4096, 2 * this.#buffer.length, this.length + bytes.length));
      this.#buffer.copy(larger, 0, 0, this.length);
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  text(): string {
    return decoder.decode(this.#buffer.subarray(0, this.length));
  }
}

interface OpenSection {
  name: string;
  output: Gathered;
  errors: Gathered;
  truncated: boolean;
}

/** Reads the frame as it comes: `push` pieces in order, then `finish`. Never throws, whatever comes. */
export class SectionReader {
  readonly #sections = new Map<string, Section>();
  #open: OpenSection | null = null;
  #started = false;
  #complete = false;
  #stray = 0;
  #total = 0;
  /** What the line that is being read is: null at its beginning. */
  #kind: 'output' | 'errors' | 'frame' | 'none' | null = null;
  #frame = '';

  push(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#kind === null) at += this.#begin(piece[at]!) ? 1 : 0;
      const newline = piece.indexOf(NEWLINE, at);
      const end = newline < 0 ? piece.length : newline + 1;
      this.#take(piece.subarray(at, end));
      at = end;
      if (newline >= 0) this.#endLine();
    }
  }

  finish(): Collected {
    if (this.#kind !== null) this.#endLine();
    this.#close(null);
    return { sections: this.#sections, complete: this.#complete, strayLines: this.#stray };
  }

  /** @returns whether the first byte of the line is a mark that is no part of its text */
  #begin(byte: number): boolean {
    const inside = this.#open !== null;
    if (byte === 0x7c && inside) this.#kind = 'output';
    else if (byte === 0x21 && inside) this.#kind = 'errors';
    else if (byte === 0x40) this.#kind = 'frame';
    else {
      this.#kind = 'none';
      if (byte !== NEWLINE && byte !== RETURN) this.#stray++;
      return false;
    }
    return true;
  }

  #take(bytes: Uint8Array): void {
    const open = this.#open;
    if (this.#kind === 'frame') {
      if (this.#frame.length <= MAX_FRAME_LINE)
        this.#frame += Buffer.from(bytes.subarray(0, MAX_FRAME_LINE + 1)).toString('latin1');
    } else if (open !== null && this.#kind === 'output') {
      const room = Math.min(MAX_SECTION_BYTES - open.output.length, MAX_TOTAL_BYTES - this.#total);
      const kept = bytes.subarray(0, Math.max(0, room));
      if (kept.length < bytes.length) open.truncated = true;
      open.output.add(kept);
      this.#total += kept.length;
    } else if (open !== null && this.#kind === 'errors') {
      open.errors.add(bytes.subarray(0, MAX_ERROR_BYTES - open.errors.length));
    }
  }

  #endLine(): void {
    const frame =
      this.#kind === 'frame' ? Buffer.from(this.#frame, 'latin1').toString('utf8').trimEnd() : null;
    this.#kind = null;
    this.#frame = '';
    if (frame !== null) this.#frameLine(frame);
  }

  #frameLine(line: string): void {
    const begin = /^begin (\S.*)$/su.exec(line);
    const end = /^end (\S.*) (\d{1,5})$/su.exec(line);
    if (line === 'ironlift-linux 1' && !this.#started) this.#started = true;
    else if (!this.#started || line.length > MAX_FRAME_LINE) this.#stray++;
    else if (begin !== null) {
      this.#close(null);
      if (this.#sections.size < MAX_SECTIONS) this.#open = newSection(begin[1]!);
      else this.#stray++;
    } else if (end !== null && this.#open?.name === end[1]) this.#close(Number(end[2]));
    else if (line === 'done' && this.#open === null) this.#complete = true;
    else this.#stray++;
  }

  #close(status: number | null): void {
    const open = this.#open;
    this.#open = null;
    if (open === null || this.#sections.has(open.name)) return;
    this.#sections.set(open.name, {
      status,
      text: open.output.text(),
      errors: open.errors.text().trim(),
      truncated: open.truncated,
    });
  }
}

const newSection = (name: string): OpenSection => ({
  name,
  output: new Gathered(),
  errors: new Gathered(),
  truncated: false,
});

/** The whole of a stream: a file, the output of a remote shell. */
export async function readSections(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Collected> {
  const reader = new SectionReader();
  for await (const piece of pieces) reader.push(piece);
  return reader.finish();
}
