/**
 * How the helper that reads one disk is started with the rights to. On Linux and by sudo it is a child of this program and
 * talks over its own pipes. Windows (UAC) and macOS (osascript) give no pipes to what they raise: there the helper calls
 * back, over a named pipe or a socket in a folder that nobody else can open (call-back.ts).
 *
 * No text is ever put together to be taken apart by a shell: what is raised is handed over as arguments (osascript quotes
 * them itself) or in variables of the environment (PowerShell). The scripts below are constant.
 */
import { z } from 'zod';

/** The command; the disk is added as its last argument. `pkexec ...`: the system asks the person. */
export type PipedHelper = readonly [string, ...string[]];
/** Of `program` the system asks the person whether it may have all rights. */
export interface RaisedHelper {
  by: 'uac' | 'osascript';
  program: readonly [string, ...string[]];
}
export type HelperCommand = PipedHelper | RaisedHelper;

const word = z.string().max(4096);
const command = z.tuple([word]).rest(word).readonly();
/** It crosses to the processes of tasks. */
export const helperCommand = z.union([
  command,
  z.object({ by: z.enum(['uac', 'osascript']), program: command }),
]) satisfies z.ZodType<HelperCommand>;

export const isRaised = (helper: HelperCommand): helper is RaisedHelper => 'by' in helper;

export interface RaiseCommand {
  program: string;
  args: string[];
  /** Beside what this program has itself. */
  environment: Record<string, string>;
}

/** `item 1` is what the person reads in the question; the others are the program and its arguments. */
const APPLE_SCRIPT = [
  'on run argv',
  'set commandLine to ""',
  'repeat with n from 2 to count argv',
  'set commandLine to commandLine & quoted form of (item n of argv) & " "',
  'end repeat',
  'do shell script commandLine with prompt (item 1 of argv) with administrator privileges',
  'end run',
] as const;

/** 1223 is ERROR_CANCELLED: the person said no. 126 is what pkexec says then. */
export const RAISE_SCRIPT = [
  "$ErrorActionPreference = 'Stop'",
  '$start = New-Object System.Diagnostics.ProcessStartInfo',
  '$start.FileName = $env:IRONLIFT_RAISED',
  '$start.Arguments = $env:IRONLIFT_RAISED_ARGUMENTS',
  "$start.Verb = 'runas'",
  '$start.UseShellExecute = $true',
  "$start.WindowStyle = 'Hidden'",
  'try { $helper = [System.Diagnostics.Process]::Start($start) }',
  'catch { if ($_.Exception.InnerException.NativeErrorCode -eq 1223) { exit 126 }; throw }',
  '$helper.WaitForExit()',
  'exit $helper.ExitCode',
].join('\n');

/** @param args those after the program's own */
export function raiseCommand(
  { by, program: [program, ...own] }: RaisedHelper,
  args: readonly string[],
  question: string,
  environment: Readonly<Record<string, string | undefined>>,
): RaiseCommand {
  const all = [...own, ...args];
  if (by === 'osascript')
    return {
      program: '/usr/bin/osascript',
      args: [...APPLE_SCRIPT.flatMap((line) => ['-e', line]), question, program, ...all],
      environment: {},
    };
  // Not by the search path: a program of that name in another folder would be asked instead.
  const windows = environment['SystemRoot'] ?? 'C:\\Windows';
  return {
    program: `${windows}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`,
    args: ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', RAISE_SCRIPT],
    environment: {
      IRONLIFT_RAISED: program,
      IRONLIFT_RAISED_ARGUMENTS: all.map(windowsArgument).join(' '),
    },
  };
}

/**
 * One argument as Windows programs take their command line apart (CommandLineToArgvW): backslashes count double only
 * before a quotation mark.
 */
export function windowsArgument(text: string): string {
  if (/^[^\s"]+$/u.test(text)) return text;
  return `"${text.replace(/(\\*)"/gu, '$1$1\\"').replace(/(\\+)$/u, '$1$1')}"`;
}

/** osascript tells in words that the person said no. */
export const saidNo = ({ by }: RaisedHelper, code: number | null, stderr: string): boolean =>
  by === 'osascript' ? code === 1 && stderr.includes('(-128)') : code === 126;
