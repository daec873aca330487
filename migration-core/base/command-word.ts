/** Words of commands that a sentence tells a person to type. */

/** What POSIX shells, cmd.exe and PowerShell all take as one word, whatever stands beside it. */
const PLAIN = /^[\p{L}\p{N}_./:\\@%+,=-]+$/u;

/**
 * A path as it is typed into the shell of `platform`: as it is where that does, else in quotes. A backslash is plain on
 * Windows alone.
 */
export function commandWord(path: string, platform: NodeJS.Platform = process.platform): string {
  const windows = platform === 'win32';
  if (PLAIN.test(path) && (windows || !path.includes('\\'))) return path;
  // No path of Windows has a double quote in it.
  return windows ? `"${path}"` : `'${path.replaceAll("'", `'\\''`)}'`;
}
