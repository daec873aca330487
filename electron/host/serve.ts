/** `ironlift serve`: puts the loopback host together, says where it is, and ends it in good order. */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { IronliftError } from '../../migration-core/base/errors.ts';
import type { Command } from '../../migration-core/cli/commands.ts';
import type { World } from '../../migration-core/cli/world.ts';
import { createSession, type OpenSession } from '../../migration-core/service/create-session.ts';
import { EventStream } from '../event-stream.ts';
import { openLog, type Log } from '../log-file.ts';
import { readPage, type Page } from '../page.ts';
import { canBuild, pageFolder, taskProgram } from '../places.ts';
import { jobsRunning } from '../words.ts';
import { browserCommand, openBrowser } from './browser.ts';
import { startHost, type Host } from './host.ts';
import { usersOf } from './peer.ts';
import { hostShell } from './shell.ts';

export const serveCommand: Command = {
  help: `Usage: ironlift serve [--port N] [--no-open] [--allow-write] [--data DIR] [--json]

Serves the application to a browser of this computer. Only 127.0.0.1 is listened
on, and the address that is printed is good for one browser and one minute.
Press Enter for a new one; press Ctrl-C to end.

For a server without a display, forward the port from where the browser is:
  ssh -L 4711:127.0.0.1:4711 server      and there:  ironlift serve --port 4711

Options:
  --port N        the port; any free one unless given
  --no-open       print the address and open no browser
  --allow-write   take calls that overwrite or remove what is there; refused unless given
  --data DIR      folder for settings, logs and the list of jobs
  --json          print {"url": ...} on standard output`,
  options: {
    port: { type: 'string' },
    'no-open': { type: 'boolean' },
    'allow-write': { type: 'boolean' },
    data: { type: 'string' },
  },
  async run({ values, positionals }, world) {
    if (positionals.length > 0)
      throw new IronliftError('USAGE', `serve takes no "${positionals[0]!}".`, {
        next: 'Run `ironlift serve --help` for what it takes.',
      });
    const port = portOf(values['port']);
    const data = values['data'];
    const page = await pageOf(world);
    const destroy = values['allow-write'] === true;
    const shell = hostShell({
      dataFolder: typeof data === 'string' ? resolve(data) : undefined,
      version: await versionOf(),
      destroy,
      taskProgram: taskProgram(),
      environment: world.environment,
    });
    const file = openLog(resolve(shell.dataFolder, 'log'), 'host', world.now);
    const program = await createSession(shell);
    const log: Log = {
      info: (...line) => file.info(...line),
      fault: (where, error) => program.report(error, where),
    };
    try {
      await serve({
        program,
        page,
        log,
        destroy,
        port,
        world,
        json: values['json'] === true,
        open: values['no-open'] !== true,
      });
    } finally {
      await program.close();
    }
    return 0;
  },
};

function portOf(given: unknown): number {
  if (given === undefined) return 0;
  const port = typeof given === 'string' && /^\d{1,5}$/u.test(given) ? Number(given) : -1;
  if (port < 0 || port > 65_535)
    throw new IronliftError('USAGE', '--port is a number up to 65535.', {
      next: 'Leave --port away, and any free one is taken.',
    });
  return port;
}

/** The built page; in a checkout it is built first where it is older than its sources. @throws PAGE_NOT_BUILT */
async function pageOf(world: World): Promise<Page> {
  if (canBuild()) {
    const { buildPage, isPageStale } = await import('../build.ts');
    if (isPageStale()) {
      world.err('Building the page of the application ...\n');
      await buildPage();
    }
  }
  return readPage(pageFolder());
}

async function versionOf(): Promise<string> {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  return manifest.version;
}

interface Serving {
  program: OpenSession;
  page: Page;
  log: Log;
  destroy: boolean;
  port: number;
  world: World;
  json: boolean;
  open: boolean;
}

async function serve({ program, page, log, destroy, port, world, json, open }: Serving): Promise<void> {
  const run = randomBytes(8).toString('hex');
  const events = new EventStream(run, program.events, () => program.session.jobs.list());
  const host = await startHost({
    page,
    events,
    port,
    destroy,
    log,
    handlers: program.handlers,
    clock: () => performance.now(),
    users: usersOf(process.platform, process.getuid?.(), world.environment),
    token: {
      secret: () => randomBytes(32).toString('base64url'),
      clock: () => performance.now(),
      wait: (milliseconds) => wait(milliseconds),
    },
  });
  try {
    await greet(host, world, json, open);
    const enter = onEnter(() => world.err(`${host.newUrl()}\n`));
    const idle = await untilOver(host, program, world);
    enter();
    const running = program.busy().length;
    if (running > 0)
      world.err(
        `${jobsRunning(running)} stopped. Start \`ironlift serve\` again: what can go on is offered there.\n`,
      );
    else if (idle) world.err('Nobody was there for eight hours: ended.\n');
    else world.err('Ended.\n');
  } finally {
    await host.close();
  }
}

async function greet(host: Host, world: World, json: boolean, open: boolean): Promise<void> {
  const url = host.newUrl();
  if (json) world.out(`${JSON.stringify({ url })}\n`);
  else world.out(`Ironlift is at ${url}\n`);
  const enter = process.stdin.isTTY ? ' Enter: a new one.' : '';
  world.err(`The address is good for one browser and one minute.${enter} Ctrl-C: end.\n`);
  const command = open ? browserCommand(process.platform, world.environment, url) : null;
  if (command !== null && !(await openBrowser(command)))
    world.err('No browser could be started: open the address yourself.\n');
}

/** A person at the terminal asks for a new address by pressing Enter. Returns what ends it. */
function onEnter(newAddress: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  stdin.on('data', newAddress);
  // The terminal alone must not keep the program alive.
  stdin.unref();
  return () => {
    stdin.off('data', newAddress);
    stdin.pause();
  };
}

const IDLE_LOOK = 30_000;
/** A forgotten host is a door: after this long without a page that listens and without a job it closes. */
const IDLE_LIMIT = 8 * 3600_000;

/** @returns whether it was idle, and not asked to end */
async function untilOver(host: Host, program: OpenSession, world: World): Promise<boolean> {
  let since = performance.now();
  while (!world.signal.aborted) {
    await wait(IDLE_LOOK, undefined, { signal: world.signal }).catch(() => undefined);
    if (host.busy() > 0 || program.busy().length > 0) since = performance.now();
    if (performance.now() - since > IDLE_LIMIT) return true;
  }
  return false;
}
