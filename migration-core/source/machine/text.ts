/** The text of a description, whatever encoding its platform wrote it in. */

/** UTF-16 and UTF-8 by their marks, else what the text itself says, else UTF-8, else Latin-1, which takes any bytes. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decode(bytes, 'utf-16le')!;
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decode(bytes, 'utf-16be')!;
  const said = saidEncoding(Buffer.from(bytes.subarray(0, 4096)).toString('latin1'));
  return (said === null ? null : decode(bytes, said)) ?? decode(bytes, 'utf-8') ?? decode(bytes, 'latin1')!;
}

/** `<?xml ... encoding="...">`, or VMware's `.encoding = "windows-949-2000"`. */
function saidEncoding(head: string): string | null {
  const name =
    /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.-]{1,40})["']/u.exec(head)?.[1] ??
    /^\s*\.encoding\s*=\s*"([\w.-]{1,40})"/imu.exec(head)?.[1];
  if (name === undefined) return null;
  const label = name.toLowerCase();
  // Names of ICU that browsers do not know.
  if (label.startsWith('windows-949')) return 'euc-kr';
  if (label.startsWith('windows-936')) return 'gbk';
  if (label.startsWith('windows-950')) return 'big5';
  if (label.startsWith('windows-932')) return 'shift_jis';
  // Text that could be read so far cannot be UTF-16.
  return label.startsWith('utf-16') ? null : label;
}

/** Null where the bytes are none of the encoding, or it is not known. */
function decode(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: !encoding.startsWith('utf-16') }).decode(bytes);
  } catch {
    return null;
  }
}
