import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isIronliftError } from '../../../base/errors.ts';
import type { WindowsServer } from '../../../collect/windows/remoting.ts';
import type { Command, OptionValues } from '../../commands.ts';
import { printable, ProgressLine, wrap } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { reportImports } from './import-report.ts';
import { ENGAGEMENT_HELP, engagementOf, parseSpan, textOf, usage } from './options.ts';

const COMMAND = 'collect windows';
const SCRIPT = join(import.meta.dirname, '../../../../resources/collectors/windows.ps1');
/** Each is a powershell.exe of 80 MB here, and a session there. */
const AT_ONCE = 8;

export const collectWindowsCommand: Command = {
  help: `Usage: ironlift collect windows HOST... --engagement FILE [options]

Collects inventory, and performance if asked, of Windows servers from a Windows
workstation: its own PowerShell runs the collector there by Invoke-Command, with
the login and the encryption of the domain. Nothing is installed.

From Linux or macOS, or where remoting is not allowed: run
resources/collectors/windows.ps1 on the server, from a USB stick for instance,
and read what it wrote with \`ironlift collect import\`.

${ENGAGEMENT_HELP}
  --user NAME          DOMAIN\\user or user@domain; you, unless told. Its password
                       is that of IRONLIFT_WINDOWS_PASSWORD, or asked for
  --tls                connect to port 5986, and check the certificate
  --for SPAN           also measure performance for so long: 30m, 24h
  --every SPAN         between samples; 1m unless told
  --json               print one JSON document`,
  options: {
    engagement: { type: 'string' },
    user: { type: 'string' },
    tls: { type: 'boolean' },
    for: { type: 'string' },
    every: { type: 'string' },
  },
  async run({ values, positionals: hosts }, world) {
    const engagement = engagementOf(values, COMMAND);
    if (hosts.length === 0) throw usage(COMMAND, 'Name at least one server');
    const user = textOf(values, 'user');
    const password =
      user === undefined
        ? undefined
        : (world.environment['IRONLIFT_WINDOWS_PASSWORD'] ??
          (await world.ask(`Password of ${printable(user)}: `, { hidden: true })) ??
          undefined);
    const folder = await mkdtemp(join(tmpdir(), 'ironlift-windows-'));
    const line = new ProgressLine(world);
    try {
      const servers = hosts.map((host): WindowsServer => ({ host, user, tls: values['tls'] === true }));
      const { bundles, failed } = await collectAll(servers, values, password, folder, line, world);
      line.clear();
      if (bundles.length === 0) return 1;
      const { runImport } = await import('../../../collect/import/job.ts');
      const job = { engagement, paths: bundles, again: false };
      const result = await runImport(job, { signal: world.signal, onProgress: line.show });
      line.clear();
      const status = await reportImports(engagement, result, values['json'] === true, world);
      return failed > 0 ? 1 : status;
    } finally {
      line.clear();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Bundles of those that answered, and how many did not. @throws where there is only one server, what it throws */
async function collectAll(
  servers: readonly WindowsServer[],
  values: OptionValues,
  password: string | undefined,
  folder: string,
  line: ProgressLine,
  world: World,
): Promise<{ bundles: string[]; failed: number }> {
  const { collectRemotely } = await import('../../../collect/windows/remoting.ts');
  const options = {
    script: SCRIPT,
    durationSeconds: secondsOf(values, 'for') ?? 0,
    intervalSeconds: secondsOf(values, 'every') ?? 60,
  };
  const bundles: string[] = [];
  const waiting = [...servers.entries()];
  let done = 0;
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, server] = next;
      line.share('collect', done, servers.length);
      try {
        const path = join(folder, `server-${index}.zip`);
        await writeFile(path, await collectRemotely(server, options, password, world.signal), {
          mode: 0o600,
        });
        bundles.push(path);
      } catch (error) {
        if (servers.length === 1 || !isIronliftError(error) || error.kind === 'cancelled') throw error;
        failed++;
        line.say(wrap(`${server.host}: ${error.message} ${error.next} (${error.code})`, world.columns, '  '));
      }
      line.share('collect', ++done, servers.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, servers.length) }, work));
  return { bundles, failed };
}

/** @throws USAGE */
function secondsOf(values: OptionValues, name: string): number | undefined {
  const text = textOf(values, name);
  if (text === undefined) return undefined;
  const seconds = parseSpan(text);
  if (seconds === undefined || seconds === 0)
    throw usage(COMMAND, `--${name} takes a time such as 30s, 15m or 24h`);
  return seconds;
}
