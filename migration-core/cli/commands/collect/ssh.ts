import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { IronliftError } from '../../../base/errors.ts';
import { plural } from '../../../base/text.ts';
import type { CollectedItem } from '../../../collect/collector.ts';
import { sessionAgent, type SshCredentials } from '../../../collect/ssh/credentials.ts';
import type { SshItem } from '../../../collect/ssh/collect.ts';
import { targetName, type SshTarget } from '../../../collect/ssh/target.ts';
import type { Command, OptionValues } from '../../commands.ts';
import { printable } from '../../terminal.ts';
import type { World } from '../../world.ts';
import { collectLive, LIVE_HELP, liveOptions, livePlan, type Voice } from './live.ts';
import { ENGAGEMENT_HELP, textOf, usage } from './options.ts';

const COMMAND = 'collect ssh';

export const collectSshCommand: Command = {
  help: `Usage: ironlift collect ssh [USER@]HOST[:PORT]... --engagement FILE [options]

Collects inventory, and performance if asked, of Linux servers over SSH: one
connection each, many at once, nothing installed and nothing left behind. A
server that is lost is tried again until it answers, and the gap is marked.

Logs in by the agent of this session, by --key, or by a password: that of
IRONLIFT_SSH_PASSWORD, or asked for. No password is ever kept.

${ENGAGEMENT_HELP}
  --list FILE          read targets from a file too, one a line
  --user NAME          for targets that name none; your own name unless told
  --key FILE           private key; may be given more than once
  --password           log in by password
  --sudo               ask sudo for what only root may see (password:
                       IRONLIFT_SUDO_PASSWORD, or asked for)
${LIVE_HELP}
  --accept-new-keys    trust servers that were never seen before, and pin their
                       keys; without, each fingerprint is shown and asked for
  --known-hosts FILE   where keys are pinned; ~/.config/ironlift/known_hosts unless
                       told. ~/.ssh/known_hosts is read too
  --old-algorithms     also speak with servers from before about 2012, whose
                       ciphers are broken today
  --json               print one JSON document`,
  options: {
    engagement: { type: 'string' },
    list: { type: 'string' },
    user: { type: 'string' },
    key: { type: 'string', multiple: true },
    password: { type: 'boolean' },
    sudo: { type: 'boolean' },
    'accept-new-keys': { type: 'boolean' },
    'known-hosts': { type: 'string' },
    'old-algorithms': { type: 'boolean' },
    ...liveOptions,
  },
  async run({ values, positionals }, world) {
    const plan = livePlan(values, COMMAND);
    const targets = await readTargets(values, positionals, world);
    const { collectSsh } = await import('../../../collect/ssh/collect.ts');
    const { KnownHostsFiles } = await import('../../../collect/ssh/known-hosts.ts');
    const credentials = await credentialsOf(values, world);
    const known = textOf(values, 'known-hosts') ?? join(configFolder(world), 'known_hosts');
    const failures = { count: 0 };
    return collectLive(
      values,
      COMMAND,
      world,
      { collector: 'ssh', source: sourceName(targets) },
      (voice) =>
        itemsOnly(
          collectSsh(targets, {
            credentials,
            hostKeys: new KnownHostsFiles(known, [join(homedir(), '.ssh', 'known_hosts')]),
            onUnknownHost: async ({ target, fingerprint }) => {
              const sentence = `${printable(targetName(target))} was never seen before; its key is ${fingerprint.text}.`;
              if (values['accept-new-keys'] === true) {
                voice.say(`${sentence} It is trusted from now on.`);
                return true;
              }
              return /^y(es)?$/iu.test(
                (await world.ask(`${sentence} Trust it? (yes or no) `, { hidden: false })) ?? '',
              );
            },
            inventory: plan.inventory,
            sudo: values['sudo'] === true,
            signal: world.signal,
            ...(plan.performance === undefined ? {} : { performance: plan.performance }),
          }),
          voice,
          failures,
        ),
      () => failures.count,
    );
  },
};

async function* itemsOnly(
  items: AsyncIterable<SshItem>,
  { say, state }: Voice,
  failures: { count: number },
): AsyncGenerator<CollectedItem> {
  for await (const { target, ...item } of items) {
    const name = printable(targetName(target));
    switch (item.kind) {
      case 'state':
        state(name, item.state);
        if (item.state === 'lost') say(`${name} does not answer any more; trying again.`);
        break;
      case 'warning':
        say(printable(item.message));
        break;
      case 'failed': {
        const { code, message, next } = item.error;
        say(`${name}: ${printable(message)} ${printable(next)} (${code})`);
        yield {
          kind: 'problem',
          problem: { at: ++failures.count, unit: 'record', message: `${name}: ${message}` },
        };
        break;
      }
      default:
        yield item;
    }
  }
}

/** At most this much of the names of servers is kept as the source of a collection. */
const SOURCE_LENGTH = 200;

function sourceName(targets: readonly SshTarget[]): string {
  const names = targets.map(targetName).join(', ');
  return names.length <= SOURCE_LENGTH
    ? names
    : `${plural(targets.length, 'server')}: ${names.slice(0, SOURCE_LENGTH)}…`;
}

function configFolder({ environment }: World): string {
  if (process.platform === 'win32' && environment['APPDATA'] !== undefined)
    return join(environment['APPDATA'], 'Ironlift');
  return join(environment['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'ironlift');
}

/** `user@host:22`, `host`, `[2001:db8::7]:22`, `2001:db8::7`. */
const TARGET =
  /^(?:(?<user>[^@\s]+)@)?(?:\[(?<six>[0-9a-f:.%]+)\]|(?<host>[^\s:@[\]]+)|(?<bare>[0-9a-f]*:[0-9a-f:.]+))(?::(?<port>\d{1,5}))?$/iu;

/** @throws USAGE */
async function readTargets(values: OptionValues, positionals: string[], world: World): Promise<SshTarget[]> {
  const list = textOf(values, 'list');
  const lines = list === undefined ? [] : await linesOf(list);
  const texts = [...positionals, ...lines];
  const wrong: string[] = [];
  if (texts.length === 0) wrong.push('Name at least one server');
  const user = textOf(values, 'user') ?? world.environment['USER'] ?? userInfo().username;
  const targets = new Map<string, SshTarget>();
  for (const text of texts) {
    const groups = TARGET.exec(text)?.groups;
    const port = Number(groups?.['port'] ?? 22);
    // A name that begins with a dash is an option that somebody mistyped.
    if (groups === undefined || port < 1 || port > 65_535 || text.startsWith('-')) {
      wrong.push(`"${printable(text).slice(0, 80)}" is not [USER@]HOST[:PORT]`);
      continue;
    }
    const host = groups['six'] ?? groups['host'] ?? groups['bare']!;
    const target: SshTarget = {
      host,
      user: groups['user'] ?? user,
      ...(port === 22 ? {} : { port }),
      ...(values['old-algorithms'] === true ? { oldAlgorithms: true } : {}),
    };
    targets.set(targetName(target), target);
  }
  if (wrong.length > 0) throw usage(COMMAND, ...wrong.slice(0, 5));
  return [...targets.values()];
}

async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new IronliftError('SOURCE_NOT_FOUND', `The list ${path} cannot be read.`, {
      next: 'Check the name of the file.',
      cause: error,
    });
  });
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/u, '').trim())
    .filter((line) => line !== '');
}

async function credentialsOf(values: OptionValues, world: World): Promise<SshCredentials> {
  const { environment } = world;
  const keys = await Promise.all(((values['key'] ?? []) as string[]).map(readKey));
  /** Many servers mostly share one password: it is asked for once. */
  const asked = new Map<string, Promise<string | null>>();
  const ask = (question: string): Promise<string | null> => {
    const before = asked.get(question);
    if (before !== undefined) return before;
    // One question at a time: answers of a person have no order.
    const answer = Promise.all(asked.values()).then(() => world.ask(question, { hidden: true }));
    asked.set(question, answer);
    return answer;
  };
  return {
    agent: async () => sessionAgent(environment, process.platform),
    ...(keys.length === 0 ? {} : { keys: async () => keys }),
    passphrase: async (_target, name) =>
      environment['IRONLIFT_SSH_PASSPHRASE'] ?? ask(`Passphrase of ${printable(name)}: `),
    ...(values['password'] === true || environment['IRONLIFT_SSH_PASSWORD'] !== undefined
      ? {
          password: async ({ user }: SshTarget) =>
            environment['IRONLIFT_SSH_PASSWORD'] ?? ask(`Password of ${printable(user)}: `),
        }
      : {}),
    answers: async (target, { prompts }) => {
      const answers: string[] = [];
      for (const { prompt, echo } of prompts) {
        const answer = await world.ask(`${printable(targetName(target))}: ${printable(prompt)}`, {
          hidden: !echo,
        });
        if (answer === null) return null;
        answers.push(answer);
      }
      return answers;
    },
    sudoPassword: async ({ user }) =>
      environment['IRONLIFT_SUDO_PASSWORD'] ?? ask(`Password of ${printable(user)} for sudo: `),
  };
}

/** @throws SOURCE_NOT_FOUND */
async function readKey(path: string): Promise<{ name: string; content: Buffer }> {
  const content = await readFile(path).catch((error: unknown) => {
    throw new IronliftError('SOURCE_NOT_FOUND', `The key ${path} cannot be read.`, {
      next: 'Check the name of the file and whether you may read it.',
      cause: error,
    });
  });
  return { name: path, content };
}
