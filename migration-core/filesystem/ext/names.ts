/**
 * File names are bytes on disk and strings here. Bytes that are no UTF-8 become lone low surrogates (0x80 is U+DC80), so
 * that every name comes back as the very bytes it was.
 */
const ESCAPE = 0xdc00;
const ASCII = /^[\x00-\x7f]*$/;

export function decodeName(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const latin = buffer.toString('latin1');
  if (ASCII.test(latin)) return latin;
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd') || Buffer.from(text, 'utf8').equals(buffer)) return text;
  let name = '';
  for (const byte of bytes) name += String.fromCharCode(byte < 0x80 ? byte : ESCAPE + byte);
  return name;
}

export function encodeName(name: string): Uint8Array {
  if (name.isWellFormed()) return Buffer.from(name, 'utf8');
  const parts: Buffer[] = [];
  for (const character of name) {
    const code = character.codePointAt(0)!;
    const escaped = code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    parts.push(escaped ? Buffer.of(code - ESCAPE) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
}
