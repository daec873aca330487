/** What importers of outputs of single tools share: the whole text of a small file, and the name of its server. */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { IronliftError } from '../../../base/errors.ts';
import type { CollectedItem, ImportInput, ImportOptions } from '../../collector.ts';
import type { CollectionProblem } from '../../../store/engagement.ts';

/** `lspci -vvv` of a machine with a thousand functions has 3 MB, `lshw` of one with a thousand LUNs 5 MB. */
export const MAX_TEXT_BYTES = 32 << 20;

/**
 * @returns the text and whether there was more of it than `limit` bytes
 * @throws SOURCE_NOT_READABLE, CANCELLED
 */
export async function wholeText(
  input: ImportInput,
  options: ImportOptions,
  entry?: string,
  limit = MAX_TEXT_BYTES,
): Promise<{ text: string; cut: boolean }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of input.read(entry)) {
    throwIfCancelled(options.signal);
    const kept = piece.subarray(0, limit - length);
    pieces.push(kept.slice());
    length += kept.length;
    if (kept.length < piece.length) return { text: decode(pieces), cut: true };
  }
  return { text: decode(pieces), cut: false };
}

/** Tools write UTF-8; files that went through Windows editors carry marks of their own. */
function decode(pieces: readonly Uint8Array[]): string {
  const bytes = Buffer.concat(pieces);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}

export const headText = (input: ImportInput): string =>
  input.isFolder ? '' : decode([input.head.subarray(0, 64 << 10)]);

/** Names that tell the tool and not the server. */
const TOOL_NAME =
  /^(?:dmidecode|lspci|lsusb|lshw|hwinfo|inventory|hardware|output|server|linux|raid|storcli|perccli|megacli\w*|ssacli|hpacucli|hpssacli|arcconf)(?:[-_. ].*)?$/iu;

/**
 * The server a file is about: what the user says, else the name of the file without its endings, if that can be one.
 *
 * @throws IMPORT_NEEDS_ANSWER where the file is called after its tool, and `fallback` is missing
 */
export function serverNameOf(input: ImportInput, options: ImportOptions, fallback?: string): string {
  if (options.serverName !== undefined && options.serverName.trim() !== '') return options.serverName.trim();
  const stem = input.name.replace(/(?:\.(?:txt|json|xml|log|out|hw_|gz|xz|bz2|zst))+$/iu, '');
  if (stem !== '' && !TOOL_NAME.test(stem)) return stem;
  if (fallback !== undefined) return fallback;
  throw new IronliftError(
    'IMPORT_NEEDS_ANSWER',
    `The file ${JSON.stringify(input.name)} does not say which server it is about.`,
    {
      next: 'Import it again and give the name of the server (--server NAME), or put it into a folder of that name.',
      data: { option: 'serverName' },
    },
  );
}

/** A line that was not understood; its text at most 200 characters. */
export const lineProblem = (at: number, message: string, excerpt?: string): CollectedItem => ({
  kind: 'problem',
  problem: {
    at,
    unit: 'line',
    message,
    ...(excerpt === undefined ? {} : { excerpt: excerpt.slice(0, 200) }),
  } satisfies CollectionProblem,
});

export const cutProblem = (what: string): CollectedItem =>
  lineProblem(0, `${what} is larger than what is read of such a file; its end is missing.`);

/** Nothing of the file can be used. */
export function nothingIn(input: ImportInput, tool: string): IronliftError {
  return new IronliftError(
    'IMPORT_DAMAGED',
    `Nothing in ${JSON.stringify(input.name)} is output of ${tool}.`,
    {
      next: `Run ${tool} on the server again and keep its whole output.`,
    },
  );
}
