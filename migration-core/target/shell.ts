/** Words for a POSIX shell, in the commands and scripts that people run on a host. */

/** A word that the shell takes as it is, whatever it holds but NUL. */
export function shellQuoted(text: string): string {
  return /^[A-Za-z0-9._/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A line of a comment: nothing in it can end the line. */
export function shellComment(text: string): string {
  return `# ${text.replace(/[\r\n\u2028\u2029]+/g, ' ')}`;
}
