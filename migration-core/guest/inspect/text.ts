/** Small text files during inspection: what cannot be a text file is left out and told, never read whole. */
import { isIronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import type { GuestReader } from '../fixer.ts';

/** The text of a file; null where there is none, or where it is absurdly large (which becomes a finding). */
export async function inspectText(
  files: GuestReader,
  path: string,
  findings: Finding[],
): Promise<string | null> {
  try {
    return await files.readText(path);
  } catch (error) {
    if (!isIronliftError(error, 'FILE_TOO_LARGE')) throw error;
    if (!findings.some((finding) => finding.code === 'FILE_IGNORED' && finding.message.includes(path)))
      findings.push({
        severity: 'warning',
        code: 'FILE_IGNORED',
        message: `${path} of the server is far too large to be what its name says and was not read.`,
        next: 'Look at this file on the server; it may be damaged.',
      });
    return null;
  }
}

/** Lines longer than this are no configuration; searching them could take for ever. */
const LONGEST_LINE = 8192;

/** The lines of a text that a person may have written. */
export const shortLines = (text: string): string[] =>
  text.split('\n', 20_000).filter((line) => line.length <= LONGEST_LINE);

/** Lines without comments and blank ones, `key=value` with shell quotes taken off. The last one of a key wins. */
export function shellVariables(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const line of shortLines(text)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match === null) continue;
    variables.set(match[1]!, unquote(match[2]!.trim()));
  }
  return variables;
}

function unquote(value: string): string {
  const double = /^"((?:[^"\\]|\\.)*)"/s.exec(value);
  if (double !== null) return double[1]!.replace(/\\(["\\$`])/g, '$1');
  const single = /^'([^']*)'/.exec(value);
  if (single !== null) return single[1]!;
  return value.replace(/\s+#.*$/, '');
}
