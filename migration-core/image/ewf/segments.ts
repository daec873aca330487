/** The segment files of an EWF image, in their order, and the chain of sections in each. */
import { latin1, u64le, viewOf } from '../../base/bytes.ts';
import { isIronliftError } from '../../base/errors.ts';
import { damaged, openReadFile, unsupported, type ReadFile } from '../read-file.ts';
import { adler32 } from './adler32.ts';
import { FILE_HEADER, MAGIC, MOST_SECTIONS, MOST_SEGMENTS, SECTION } from './layout.ts';

export interface Section {
  /** `volume`, `table`, `sectors`, `done` ... */
  type: string;
  /** Of its contents in the segment file, behind the descriptor, bytes. */
  offset: number;
  length: number;
}

export interface Segment {
  file: ReadFile;
  sections: Section[];
}

/**
 * Opens the segments that follow each other from the first one on, up to the one that says it is the last.
 * @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, NOT_FOUND, READ_FAILED; whoever calls closes what is in `segments`
 */
export async function openSegments(path: string, segments: Segment[]): Promise<void> {
  for (let number = 1; ; number++) {
    const name = segmentPath(path, number);
    const file = await openReadFile(name).catch((error: unknown) => {
      if (number > 1 && isIronliftError(error, 'NOT_FOUND'))
        throw damaged(path, `its part ${name} is missing`, { segment: number });
      throw error;
    });
    const segment: Segment = { file, sections: [] };
    segments.push(segment);
    checkHeader(file, number);
    readSections(segment);
    const last = segment.sections.at(-1);
    if (last?.type === 'done') return;
    if (last?.type !== 'next') throw damaged(name, 'it is cut off');
    if (number >= MOST_SEGMENTS) throw damaged(path, 'it never comes to an end');
  }
}

function checkHeader(file: ReadFile, expected: number): void {
  const header = file.readNow(0, FILE_HEADER.length);
  if (header.toString('latin1', 0, 8) !== MAGIC) throw damaged(file.path, 'it does not begin as an EWF file');
  const number = header.readUInt16LE(FILE_HEADER.number);
  if (number === expected) return;
  if (expected === 1)
    throw unsupported(file.path, `is part ${number} of an image`, 'Name its first part, which ends in 01.');
  throw damaged(file.path, `it is part ${number} where part ${expected} should be`);
}

function readSections({ file, sections }: Segment): void {
  for (let at: number = FILE_HEADER.length; ;) {
    if (at + SECTION.length > file.size) throw damaged(file.path, 'it is cut off', { offset: at });
    const bytes = file.readNow(at, SECTION.length);
    const view = viewOf(bytes);
    if (view.getUint32(SECTION.checksum, true) !== adler32(bytes.subarray(0, SECTION.checksum)))
      throw damaged(file.path, 'the checksum of a section does not match', { offset: at });
    const type = latin1(bytes, SECTION.type, 16);
    const next = bounded(file, view, SECTION.next, at);
    const size = bounded(file, view, SECTION.size, at);
    const isLast = type === 'done' || type === 'next';
    // The last one names itself; its size is 0 in some.
    const end = isLast ? at + SECTION.length : next;
    if (!isLast && next < at + SECTION.length)
      throw damaged(file.path, 'its sections go round in circles', { offset: at });
    if (end > file.size) throw damaged(file.path, 'a section is not within the file', { offset: at });
    const length = Math.max(0, Math.min(size === 0 ? end - at : size, end - at) - SECTION.length);
    sections.push({ type, offset: at + SECTION.length, length });
    if (isLast) return;
    if (sections.length >= MOST_SECTIONS) throw damaged(file.path, 'it has too many sections');
    at = next;
  }
}

function bounded(file: ReadFile, view: DataView, field: number, at: number): number {
  try {
    return u64le(view, field);
  } catch {
    throw damaged(file.path, 'a section is beyond all bounds', { offset: at });
  }
}

/**
 * Name of segment `number` beside the first, in its letters: .E01 ... .E99, then .EAA, .EAB ... .EZZ, .FAA ... .ZZZ; SMART
 * begins with S.
 */
export function segmentPath(first: string, number: number): string {
  const extension = /\.([a-z])01$/iu.exec(first)?.[1];
  if (number === 1) return first;
  if (extension === undefined)
    throw unsupported(
      first,
      'consists of several files, but is not named as the first of them',
      'Give it back its name, which ends in .E01.',
    );
  const stem = first.slice(0, -3);
  if (number <= 99) return `${stem}${extension}${String(number).padStart(2, '0')}`;
  const upper = extension === extension.toUpperCase();
  const place = number - 100;
  const letters = [
    Math.floor(place / (26 * 26)) + extension.toUpperCase().charCodeAt(0) - 65,
    Math.floor(place / 26) % 26,
    place % 26,
  ];
  if (letters[0]! > 25) throw damaged(first, 'it has more parts than there are names for');
  const name = String.fromCharCode(...letters.map((letter) => 65 + letter));
  return stem + (upper ? name : name.toLowerCase());
}
