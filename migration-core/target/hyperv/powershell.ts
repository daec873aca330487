/** Text for PowerShell scripts. */

/**
 * A string literal that PowerShell takes as it is. Besides the apostrophe it ends such a literal at four typographic
 * quotation marks too (about_Quoting_Rules); doubled, each stands for itself.
 */
export function psQuoted(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}

/**
 * The bytes of a script: Windows PowerShell reads a file without byte order mark in the code page of the computer, where
 * the second byte of a letter may be a quotation mark.
 */
export function psFile(lines: readonly string[]): string {
  return `\ufeff${lines.join('\r\n')}\r\n`;
}
