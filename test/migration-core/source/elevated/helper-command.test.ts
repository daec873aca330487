/** How the system is asked for rights: nothing that is named can become more than a name. Judge of PowerShell: a grammar. */
import { describe, expect, it } from 'vitest';
import {
  helperCommand,
  raiseCommand,
  RAISE_SCRIPT,
  saidNo,
  windowsArgument,
  type RaisedHelper,
} from '../../../../migration-core/source/elevated/helper-command.ts';
import { parsePowerShell } from '../../../support/powershell.ts';

const HOSTILE = [
  'a b',
  '"; rm -rf /; "',
  "'$(calc)'",
  '\u2018 & calc \u2019',
  '`calc`',
  '%PATH%',
  'x\\',
  '-e',
];
const mac: RaisedHelper = { by: 'osascript', program: ['/Applications/Iron lift/helper', '--own'] };
const windows: RaisedHelper = { by: 'uac', program: ['C:\\Program Files\\Ironlift\\helper.exe'] };

/** As CommandLineToArgvW is documented: for what follows the name of the program. */
function argumentsOf(line: string): string[] {
  const found: string[] = [];
  let word: string | null = null;
  let quoted = false;
  for (let at = 0; at < line.length;) {
    const slashes = /^\\*/u.exec(line.slice(at))![0].length;
    const next = line[at + slashes];
    if (next === '"') {
      word = (word ?? '') + '\\'.repeat(Math.floor(slashes / 2));
      if (slashes % 2 === 1) word += '"';
      else quoted = !quoted;
      at += slashes + 1;
    } else if (slashes > 0) {
      word = (word ?? '') + '\\'.repeat(slashes);
      at += slashes;
    } else if (/\s/u.test(next!) && !quoted) {
      if (word !== null) found.push(word);
      word = null;
      at++;
    } else {
      word = (word ?? '') + next!;
      at++;
    }
  }
  return word === null ? found : [...found, word];
}

describe('asking macOS for rights', () => {
  it('hands names over as arguments of a constant script, which the system quotes', () => {
    const { program, args, environment } = raiseCommand(
      mac,
      ['--connect', '/t/line', ...HOSTILE],
      'May it?',
      {},
    );
    expect([program, environment]).toEqual(['/usr/bin/osascript', {}]);
    const lines = args.slice(0, 14);
    expect(lines.filter((_, at) => at % 2 === 0)).toEqual(Array.from({ length: 7 }, () => '-e'));
    expect(lines.filter((_, at) => at % 2 === 1)).toEqual([
      'on run argv',
      'set commandLine to ""',
      'repeat with n from 2 to count argv',
      'set commandLine to commandLine & quoted form of (item n of argv) & " "',
      'end repeat',
      'do shell script commandLine with prompt (item 1 of argv) with administrator privileges',
      'end run',
    ]);
    expect(args.slice(14)).toEqual(['May it?', ...mac.program, '--connect', '/t/line', ...HOSTILE]);
  });

  it('knows by its words that the person said no', () => {
    expect(saidNo(mac, 1, 'execution error: User canceled. (-128)')).toBe(true);
    expect(saidNo(mac, 1, 'execution error: The command exited with a non-zero status. (1)')).toBe(false);
    expect(saidNo(windows, 126, '')).toBe(true);
    expect(saidNo(windows, 1, '(-128)')).toBe(false);
  });
});

describe('asking Windows for rights', () => {
  it('runs a constant script that finds the names in its environment', async () => {
    const { program, args, environment } = raiseCommand(windows, ['--connect', ...HOSTILE], 'May it?', {
      SystemRoot: 'D:\\Windows',
    });
    expect(program).toBe('D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe');
    expect(args).toEqual(['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', RAISE_SCRIPT]);
    expect(environment['IRONLIFT_RAISED']).toBe('C:\\Program Files\\Ironlift\\helper.exe');
    expect(argumentsOf(environment['IRONLIFT_RAISED_ARGUMENTS']!)).toEqual(['--connect', ...HOSTILE]);
    const { hasError, literals } = await parsePowerShell(RAISE_SCRIPT);
    expect(hasError).toBe(false);
    expect(literals).toEqual(['Stop', 'runas', 'Hidden']);
  });

  it.each([...HOSTILE, '', '\\\\.\\PhysicalDrive0', 'a\\\\"b\\\\', 'tab\there', '"""'])(
    'quotes an argument so that it comes back as it was: %j',
    (text) => {
      expect(argumentsOf(windowsArgument(text))).toEqual([text]);
      expect(argumentsOf(`${windowsArgument(text)} ${windowsArgument('next')}`)).toEqual([text, 'next']);
    },
  );
});

describe('a process of tasks', () => {
  it('takes the ways there are, and nothing else', () => {
    for (const good of [mac, windows, ['/usr/bin/pkexec', '/opt/helper']])
      expect(helperCommand.safeParse(good).success).toBe(true);
    for (const bad of [[], [7], { by: 'runas', program: ['x'] }, { by: 'uac', program: [] }, 'x', null])
      expect(helperCommand.safeParse(bad).success).toBe(false);
  });
});
