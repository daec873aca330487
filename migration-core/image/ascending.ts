/** The rule of every writer: data comes in ascending order, in whole units, within the disk. */

/** Checks each piece in turn; a piece out of order is a mistake of the program, not of the disk. */
export function ascending(size: number, unit: number): (offset: number, length: number) => void {
  let end = 0;
  return (offset, length) => {
    const until = offset + length;
    const whole = offset % unit === 0 && (until % unit === 0 || until === size);
    if (offset < end || length <= 0 || until > size || !whole)
      throw new TypeError(`image: ${length} bytes at ${offset} after ${end} of ${size}, unit ${unit}`);
    end = until;
  };
}
