/** Headers of a POSIX tar archive (ustar, IEEE 1003.1), with GNU's binary form for files of 8 GiB and more. */

export const TAR_BLOCK = 512;
/** The largest size that eleven octal digits can write. */
const LARGEST_OCTAL = 8 ** 11 - 1;

/**
 * The header of a regular file. The same for the same name and size: owner, mode and time are fixed.
 * `name`: at most 100 bytes of ASCII.
 */
export function tarHeader(name: string, size: number): Buffer {
  if (!/^[\x20-\x7e]{1,100}$/.test(name)) throw new RangeError(`not a name for a tar archive: ${name}`);
  const header = Buffer.alloc(TAR_BLOCK);
  const octal = (value: number, offset: number, digits: number): void => {
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, offset, 'latin1');
  };
  header.write(name, 0, 'latin1');
  octal(0o644, 100, 7);
  octal(0, 108, 7); // owner
  octal(0, 116, 7); // group
  if (size <= LARGEST_OCTAL) {
    octal(size, 124, 11);
  } else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  octal(0, 136, 11); // time of the last change
  header.write('0', 156, 'latin1'); // a regular file
  header.write('ustar\x0000', 257, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1'); // the checksum counts itself as spaces
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  return header;
}

/** Bytes that a file of this size takes in the archive, without its header. */
export const tarRoom = (size: number): number => Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;

/** Two blocks of zeros end an archive. */
export const TAR_END = Buffer.alloc(2 * TAR_BLOCK);
