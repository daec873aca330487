/**
 * Runs the Windows collector on a server from afar: a workstation with Windows does it through its own powershell.exe.
 *
 * Why not a WinRM client in JavaScript: those there are speak Basic or NTLM without message encryption and no Kerberos,
 * so over plain HTTP a server has to be told to accept unencrypted traffic, which domain policies forbid and we must not
 * ask for. Invoke-Command of Windows brings Kerberos, encryption over port 5985, TLS over 5986, and the policies of the
 * domain. Tools that drop a service on the target (psexec and its like) alarm endpoint security. From a workstation with
 * another system there is no way that is as sound: the collector is run on the server, and its result imported.
 *
 * The password never stands on a command line, in a file or in the environment: it goes to powershell.exe as one line of
 * its standard input. Names from outside go into the command as quoted literals, the command as base64, so that neither
 * cmd nor the parser of powershell.exe finds anything to interpret.
 */
import { spawn } from 'node:child_process';
import { cancelled } from '../../base/cancel.ts';
import type { ErrorCode } from '../../base/error-codes.ts';
import { IronliftError } from '../../base/errors.ts';

export interface WindowsServer {
  /** Name or address, as it is reached. */
  host: string;
  /** `DOMAIN\user` or `user@domain`; left away: who runs this program (Kerberos or NTLM single sign-on). */
  user?: string | undefined;
  /** TLS on port 5986; the certificate is checked. */
  tls?: boolean | undefined;
  port?: number | undefined;
}

export interface RemotingOptions {
  /** Absolute path of windows.ps1. */
  script: string;
  /** Seconds to measure there, 0 for none; the session stays open as long. */
  durationSeconds?: number;
  intervalSeconds?: number;
}

export interface RemotingCommand {
  program: string;
  args: string[];
  /** What PowerShell will run, for logs and people: without any secret. */
  text: string;
}

/** DNS allows 253 characters; longer ones are mistakes. */
const MAX_NAME = 255;
/** Base64 of the largest bundle that is imported (96 MiB). */
const MAX_OUTPUT = 128 << 20;
const MAX_ERRORS = 64 << 10;

/**
 * Single quotes of PowerShell know no escapes but the doubled quote; it takes typographic quotes for quotes as well
 * (PowerShell language specification 3.0, 2.3.5.2).
 */
export const literal = (text: string): string => `'${text.replace(/['\u2018\u2019\u201a\u201b]/gu, '$&$&')}'`;

/** @throws USAGE for names that cannot be any */
export function remotingCommand(server: WindowsServer, options: RemotingOptions): RemotingCommand {
  checkName('computer', server.host);
  if (server.user !== undefined) checkName('user', server.user);
  const { port } = server;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw usage('The port of WinRM is a number from 1 to 65535.');
  const session = [
    `ComputerName = ${literal(server.host)}`,
    ...(server.tls === true ? ['UseSSL = $true'] : []),
    ...(port === undefined ? [] : [`Port = ${port}`]),
    "ErrorAction = 'Stop'",
  ];
  const interval = wholeSeconds(options.intervalSeconds ?? 60, 1, 3600);
  const duration = wholeSeconds(options.durationSeconds ?? 0, 0, 31_536_000);
  const text = [
    "$ErrorActionPreference = 'Stop'",
    "$ProgressPreference = 'SilentlyContinue'",
    `$session = @{ ${session.join('; ')} }`,
    'try {',
    ...(server.user === undefined
      ? []
      : [
          // Base64 of UTF-8, for a console has code pages.
          '    $line = [System.Console]::In.ReadLine()',
          '    $secret = New-Object System.Security.SecureString',
          '    foreach ($character in [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($line)).ToCharArray()) { $secret.AppendChar($character) }',
          '    $line = $null',
          `    $session['Credential'] = New-Object System.Management.Automation.PSCredential(${literal(server.user)}, $secret)`,
        ]),
    `    Invoke-Command @session -FilePath ${literal(options.script)} -ArgumentList '', ${interval}, ${duration}, 'base64'`,
    '} catch {',
    "    [System.Console]::Error.WriteLine('IRONLIFT ' + $_.FullyQualifiedErrorId)",
    '    [System.Console]::Error.WriteLine($_.Exception.Message)',
    '    exit 1',
    '}',
  ].join('\n');
  return {
    program: 'powershell.exe',
    args: [
      ...['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass'],
      ...['-EncodedCommand', Buffer.from(text, 'utf16le').toString('base64')],
    ],
    text,
  };
}

function checkName(what: string, name: string): void {
  if (name.trim() === '' || name.length > MAX_NAME || /[\u0000-\u001f\u007f]/u.test(name))
    throw usage(`That is no name of a ${what}.`);
}

const wholeSeconds = (seconds: number, least: number, most: number): number => {
  if (!Number.isInteger(seconds) || seconds < least || seconds > most)
    throw usage(`Seconds are a whole number from ${least} to ${most}.`);
  return seconds;
};

const usage = (message: string): IronliftError =>
  new IronliftError('USAGE', message, { next: 'Check what was entered, and start again.' });

/**
 * Runs the collector there and returns its result, a .zip file for the importer `windows-bundle`.
 * @param password of `server.user`; asked for where it is needed, kept nowhere
 * @param program stands in for powershell.exe where there is none
 * @throws LOGIN_FAILED, HOST_NOT_REACHED, COLLECT_FAILED, NOT_SUPPORTED (no PowerShell here), USAGE, CANCELLED
 */
export async function collectRemotely(
  server: WindowsServer,
  options: RemotingOptions,
  password?: string,
  signal?: AbortSignal,
  program?: { path: string; args: string[] },
): Promise<Buffer> {
  const command = remotingCommand(server, options);
  if (signal?.aborted === true) throw cancelled();
  const child = spawn(program?.path ?? command.program, [...(program?.args ?? []), ...command.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
    ...(signal === undefined ? {} : { signal }),
  });
  const output: Buffer[] = [];
  let length = 0;
  let errors = '';
  child.stdout.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length > MAX_OUTPUT) child.kill();
    else output.push(piece);
  });
  child.stderr.on('data', (piece: Buffer) => {
    if (errors.length < MAX_ERRORS) errors += piece.toString('utf8');
  });
  // It may end before it has read its input; how it ended says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(
    server.user === undefined ? '' : `${Buffer.from(password ?? '', 'utf8').toString('base64')}\n`,
  );
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', (cause) => {
      if (signal?.aborted === true) reject(cancelled());
      else reject(noPowerShell(cause));
    });
    child.on('close', resolve);
  });
  if (length > MAX_OUTPUT)
    throw failed(
      server.host,
      'COLLECT_FAILED',
      'sent more than a collector does',
      'Run windows.ps1 on the server itself.',
    );
  if (status !== 0) throw remoteError(server.host, errors);
  const bundle = Buffer.from(Buffer.concat(output).toString('latin1'), 'base64');
  if (bundle.subarray(0, 2).toString('latin1') !== 'PK')
    throw failed(server.host, 'COLLECT_FAILED', 'sent no result', 'Run windows.ps1 on the server itself.');
  return bundle;
}

/** By the identifiers of PowerShell's errors, which no language changes. */
function remoteError(host: string, errors: string): IronliftError {
  const id = /^IRONLIFT (\S{1,200})/mu.exec(errors)?.[1] ?? '';
  if (/AccessDenied|LogonFailure|1326/iu.test(id))
    return failed(
      host,
      'LOGIN_FAILED',
      'did not accept the login',
      'Use an account that is administrator there, as DOMAIN\\user.',
    );
  if (/NetworkPathNotFound|CannotConnect|ServerNotFound|OperationTimeout|WinRMNotAvailable/iu.test(id))
    return failed(
      host,
      'HOST_NOT_REACHED',
      'was not reached through WinRM',
      'Run "Enable-PSRemoting" on the server, or run windows.ps1 there and import its result.',
    );
  return failed(
    host,
    'COLLECT_FAILED',
    'did not let the collector run to its end',
    'Run windows.ps1 on the server itself and import its result.',
    { id },
  );
}

const failed = (
  host: string,
  code: ErrorCode,
  what: string,
  next: string,
  data: Record<string, unknown> = {},
): IronliftError => new IronliftError(code, `The server ${host} ${what}.`, { next, data: { host, ...data } });

const noPowerShell = (cause: unknown): IronliftError =>
  new IronliftError(
    'NOT_SUPPORTED',
    'Servers with Windows are asked from a workstation with Windows alone.',
    {
      next: 'Run windows.ps1 on the server itself and import its result.',
      cause,
    },
  );
