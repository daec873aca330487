/** What can be told of a batch file without a cmd.exe. */

/** Variables of every Windows, and what cmd.exe itself gives. */
const GIVEN = new Set(['SYSTEMROOT', 'DATE', 'TIME', 'ERRORLEVEL']);
/** Characters that cmd.exe takes in one line, from XP on. */
const LONGEST_LINE = 8191;

/** In words, with the line; empty for a file that is well made. */
export function batchProblems(text: string): string[] {
  const problems: string[] = [];
  if (/(?<!\r)\n|\r(?!\n)/.test(text))
    problems.push('lines do not end with CR LF, so labels may not be found');
  const lines = text.split('\r\n');
  if (lines[0] !== '@echo off') problems.push('echo is on');
  const labels = lines.flatMap((line) => /^:([\w-]+)$/.exec(line)?.[1]?.toLowerCase() ?? []);
  const assigned = new Set(
    lines.flatMap((line) =>
      [...line.matchAll(/\bset (?:\/a )?"?(\w+)\+?=/gi)].map(([, name]) => name!.toUpperCase()),
    ),
  );
  for (const [i, line] of lines.entries()) {
    const say = (problem: string): unknown => problems.push(`line ${i + 1}: ${problem}: ${line}`);
    if (!/^[ -~]*$/.test(line)) say('not printable ASCII');
    if (line.length > LONGEST_LINE) say('too long');
    if (/!\w+!/.test(line)) say('delayed expansion');
    if (/powershell|wmic|\btimeout\b|\bchoice\b/i.test(line))
      say('a program that some Windows does not have');
    if ((line.match(/"/g) ?? []).length % 2 !== 0) say('an odd number of quotes');
    for (const [, label] of line.matchAll(/\b(?:goto|call) +:?([\w-]+)(?=$| )/gi))
      if (!labels.includes(label!.toLowerCase())) say(`no label ${label}`);
    for (const [, name] of line.matchAll(/%([a-z_]\w*)(?::~[\d,-]+)?%/gi))
      if (!GIVEN.has(name!.toUpperCase()) && !assigned.has(name!.toUpperCase())) say(`${name} is never set`);
  }
  for (const label of new Set(labels))
    if (labels.filter((one) => one === label).length > 1) problems.push(`the label ${label} is there twice`);
  return problems;
}
