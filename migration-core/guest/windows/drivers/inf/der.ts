/** Elements of DER (X.690), as far as catalogues need them. */

export const INTEGER = 0x02;
export const OID = 0x06;
export const SEQUENCE = 0x30;
export const SET = 0x31;
export const EXPLICIT_0 = 0xa0;

export interface Element {
  tag: number;
  content: Uint8Array;
  /** First byte after it. */
  end: number;
}

/** The element at `at`, which must lie within `bytes` unless `cut` says that only their beginning is here; null otherwise. */
export function element(bytes: Uint8Array, at: number, cut = false): Element | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return null;
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // Indefinite lengths are no DER; four bytes are 4 GiB.
    if (count === 0 || count > 4 || start + count > bytes.length) return null;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start + i]!;
    start += count;
  }
  const end = start + length;
  if (end > bytes.length && !cut) return null;
  return { tag, content: bytes.subarray(start, Math.min(end, bytes.length)), end };
}

/** The elements of `bytes` one after the other; null where there are more than `most`, or one does not end within them. */
export function elements(bytes: Uint8Array, most: number): Element[] | null {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const one = element(bytes, at);
    if (one === null || found.length >= most) return null;
    found.push(one);
    at = one.end;
  }
  return found;
}

export const oidOf = ({ content }: Element): string => Buffer.from(content).toString('hex');
