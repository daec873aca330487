/** Names Windows can open, and what a file says of itself under each of its names. */
import { IronliftError } from '../../base/errors.ts';
import { viewOf } from '../../base/bytes.ts';
import { NAME_OFFSET } from './index-node.ts';
import { NAMESPACE, writeReference, writeTime, type Reference } from './layout.ts';

const MAX_NAME = 255;
const NOT_ALLOWED = /[\u0000-\u001f"*/:<>?\\|]/u;
const RESERVED = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)/iu;

/** @throws NAME_TOO_LONG, NAME_NOT_ALLOWED */
export function checkName(name: string): void {
  if (name.length > MAX_NAME)
    throw new IronliftError(
      'NAME_TOO_LONG',
      `The name "${name.slice(0, 40)}..." is longer than ${MAX_NAME} characters.`,
      { next: 'Choose a shorter name.' },
    );
  if (NOT_ALLOWED.test(name) || /[. ]$/u.test(name) || RESERVED.test(name))
    throw new IronliftError('NAME_NOT_ALLOWED', `Windows cannot open a file named "${name}".`, {
      next: 'Choose a name without any of "*/:<>?\\| and without a dot or space at its end.',
    });
}

export interface Facts {
  created: number;
  modified: number;
  /** Bytes. */
  allocated: number;
  size: number;
  /** FILE bits. */
  fileAttributes: number;
  /** Reparse tag, or bytes of extended attributes of OS/2; 0 for neither. */
  tag: number;
}

/** A $FILE_NAME, see index-node.ts. */
export function fileNameValue(
  parent: Reference,
  name: string,
  facts: Facts,
  now: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(NAME_OFFSET + name.length * 2);
  const view = viewOf(bytes);
  writeReference(view, 0, parent);
  writeTime(view, 8, facts.created);
  writeTime(view, 0x10, facts.modified);
  writeTime(view, 0x18, now);
  writeTime(view, 0x20, now);
  view.setBigUint64(0x28, BigInt(facts.allocated), true);
  view.setBigUint64(0x30, BigInt(facts.size), true);
  view.setUint32(0x38, facts.fileAttributes, true);
  view.setUint32(0x3c, facts.tag, true);
  view.setUint8(0x40, name.length);
  view.setUint8(0x41, NAMESPACE.posix);
  bytes.set(Buffer.from(name, 'utf16le'), NAME_OFFSET);
  return bytes;
}
