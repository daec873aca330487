/** What goes wrong with a cabinet, in the words a person at the server can act on. */
import { IronliftError, isIronliftError } from '../../../../base/errors.ts';

const NEXT =
  'Copy the file from the installation medium of this Windows into System32\\drivers on the server, and convert again.';

/** A structure of the cabinet contradicts the format or itself. `what` reads on after "The cabinet is damaged:". */
export const damaged = (what: string, data: Record<string, unknown> = {}): IronliftError =>
  new IronliftError('CABINET_DAMAGED', `The cabinet is damaged: ${what}.`, { next: NEXT, data });

/** Something the format allows and this reader does not know. `what` is a whole sentence without its full stop. */
export const notSupported = (what: string): IronliftError =>
  new IronliftError('CABINET_NOT_SUPPORTED', `${what}.`, { next: NEXT });

/** Runs a parser: what is read beyond the end, or is no code of the packer, means that the cabinet is damaged. */
export function parsingCabinet<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw damaged('it is cut short');
    // The codes of LZX are read with the tools of the file system room.
    if (isIronliftError(error, 'NTFS_DAMAGED')) throw damaged('its packed data is not what it should be');
    throw error;
  }
}
