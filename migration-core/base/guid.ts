/** GUIDs as Microsoft and UEFI store them: first three fields little-endian, the rest as written. */

/** 16 bytes at `offset` as upper-case `C12A7328-F81F-11D2-BA4B-00A0C93EC93B`. */
export function readGuid(bytes: Uint8Array, offset: number): string {
  const hex = (from: number, to: number, step: 1 | -1): string => {
    let text = '';
    for (let i = from; i !== to; i += step) text += bytes[offset + i]!.toString(16).padStart(2, '0');
    return text;
  };
  const parts = [hex(3, -1, -1), hex(5, 3, -1), hex(7, 5, -1), hex(8, 10, 1), hex(10, 16, 1)];
  return parts.join('-').toUpperCase();
}

/**
 * A valid UUID made of 16 bytes that identify an image: they become one of version 4 (RFC 9562), as random ones are. Returned
 * as the bytes that Microsoft's and VirtualBox's formats store; `readGuid(bytes, 0)` is how they print it.
 */
export function uuidFromIdentity(identity: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(identity.subarray(0, 16));
  // The third field is stored little-endian, so its high byte with the version comes second.
  bytes[7] = (bytes[7]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}

/** 16 bytes at `offset` as a plain big-endian UUID in lower case, as Linux prints file system UUIDs. */
export function readUuid(bytes: Uint8Array, offset: number): string {
  const hex = Buffer.from(bytes.subarray(offset, offset + 16)).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The 16 bytes of a GUID in text, with or without braces, as `readGuid` reads them. */
export function guidBytes(guid: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(Buffer.from(guid.replaceAll(/[{}-]/gu, ''), 'hex'));
  if (bytes.length !== 16) throw new TypeError(`guid: ${guid}`);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
