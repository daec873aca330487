/** Which characters are the same in another case: the volume's own table, as Windows had it when the volume was made. */

export class Upcase {
  readonly #table: Uint16Array;

  constructor(table: Uint16Array) {
    this.#table = table;
  }

  /** The name with every character in upper case. */
  fold(name: string): string {
    let folded = '';
    for (let i = 0; i < name.length; i++) {
      const code = name.charCodeAt(i);
      folded += String.fromCharCode(this.#table[code] ?? code);
    }
    return folded;
  }

  /** The order of names in an index: below 0 where `a` comes first, case left out. */
  compare(a: string, b: string): number {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const x = a.charCodeAt(i);
      const y = b.charCodeAt(i);
      if (x === y) continue;
      const difference = (this.#table[x] ?? x) - (this.#table[y] ?? y);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  }
}

/** The order of attributes of one type, in records and in lists: a reader stops looking where a later name stands. */
export const compareAttributeNames = (upcase: Upcase, a: string, b: string): number =>
  upcase.compare(a, b) || compareExact(a, b);

/** Names that differ in case alone stand in the order of their characters. */
export function compareExact(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
