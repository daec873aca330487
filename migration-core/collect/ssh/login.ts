/** The ways to log in, one after the other: private keys, agent, password, questions of the server. */
import ssh2 from 'ssh2';
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, ParsedKey } from 'ssh2';
import type { PrivateKey, SshCredentials } from './credentials.ts';
import type { SshTarget } from './target.ts';

/** What was tried, for the sentence when nothing worked. Holds no secret. */
export interface LoginReport {
  /** `key id_ed25519`, `password` ... */
  tried: string[];
  /** `key id_rsa is locked and there is no passphrase` ... */
  notTried: string[];
  /** Ways the server would take, as it said last. */
  offered: string[];
}

/** Rounds of questions of one login; PAM asks once or twice. */
const MAXIMUM_ROUNDS = 10;

interface Step {
  /** As servers name it (RFC 4252). */
  way: 'none' | 'publickey' | 'password' | 'keyboard-interactive';
  /** null: cannot be tried. */
  method: () => Promise<AnyAuthMethod | null>;
}

/**
 * @param ask wraps whatever may wait for a person, so that no clock runs meanwhile
 * @param giveUp is called where the server asks and asks; it gets no answer then
 */
export function loginHandler(
  target: SshTarget,
  credentials: SshCredentials,
  report: LoginReport,
  ask: <T>(question: Promise<T>) => Promise<T>,
  giveUp: () => void,
): AuthHandlerMiddleware {
  const username = target.user;
  let steps: Step[] | null = null;
  const next = async (offered: AuthenticationType[] | null): Promise<AnyAuthMethod | false> => {
    // To ask for nothing tells which ways there are, and servers do not count it as a failure.
    if (offered === null) return { type: 'none', username };
    // Text of the server.
    report.offered = offered
      .map(String)
      .filter((way) => /^[a-z-]{1,40}$/u.test(way))
      .slice(0, 10);
    steps ??= [
      ...(await ask(keySteps(target, credentials, report, ask))),
      ...agentSteps(target, credentials, report, ask),
      ...passwordSteps(target, credentials, report, ask),
      ...questionSteps(target, credentials, report, ask, giveUp),
    ];
    // A way that is not offered now may be after the next one: a key and then a code.
    for (const step of steps.filter(({ way }) => report.offered.includes(way))) {
      steps = steps.filter((other) => other !== step);
      const method = await step.method();
      if (method !== null) return method;
    }
    return false;
  };
  return (offered, _partial, proceed) => {
    // ssh2 takes `false` for "nothing more"; its types do not say so.
    const give = proceed as (method: AnyAuthMethod | false) => void;
    next(offered as AuthenticationType[] | null).then(give, () => give(false));
  };
}

async function keySteps(
  target: SshTarget,
  credentials: SshCredentials,
  report: LoginReport,
  ask: <T>(question: Promise<T>) => Promise<T>,
): Promise<Step[]> {
  const keys = (await credentials.keys?.(target)) ?? [];
  return keys.map((file) => ({
    way: 'publickey' as const,
    method: async () => {
      const key = await unlock(target, credentials, file, report, ask);
      if (key === null) return null;
      report.tried.push(`key ${file.name}`);
      return { type: 'publickey' as const, username: target.user, key };
    },
  }));
}

async function unlock(
  target: SshTarget,
  credentials: SshCredentials,
  file: PrivateKey,
  report: LoginReport,
  ask: <T>(question: Promise<T>) => Promise<T>,
): Promise<ParsedKey | null> {
  const open = (passphrase?: string): ParsedKey | Error => {
    const parsed: unknown = ssh2.utils.parseKey(file.content, passphrase);
    return (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
  };
  let key = open();
  if (key instanceof Error && /encrypted/iu.test(key.message)) {
    const answer = credentials.passphrase?.(target, file.name);
    const passphrase = answer === undefined ? null : await ask(answer);
    if (passphrase === null) {
      report.notTried.push(`key ${file.name} is locked and no passphrase was given`);
      return null;
    }
    key = open(passphrase);
    if (key instanceof Error) {
      report.notTried.push(`the passphrase does not open key ${file.name}`);
      return null;
    }
  }
  if (!(key instanceof Error) && key.isPrivateKey()) return key;
  report.notTried.push(`${file.name} is no private key`);
  return null;
}

function agentSteps(
  target: SshTarget,
  credentials: SshCredentials,
  report: LoginReport,
  ask: <T>(question: Promise<T>) => Promise<T>,
): Step[] {
  const { agent } = credentials;
  if (agent === undefined) return [];
  const method = async (): Promise<AnyAuthMethod | null> => {
    const path = await ask(agent(target));
    if (path === null) return null;
    report.tried.push('agent');
    return { type: 'agent', username: target.user, agent: path };
  };
  return [{ way: 'publickey', method }];
}

function passwordSteps(
  target: SshTarget,
  credentials: SshCredentials,
  report: LoginReport,
  ask: <T>(question: Promise<T>) => Promise<T>,
): Step[] {
  const { password } = credentials;
  if (password === undefined) return [];
  const method = async (): Promise<AnyAuthMethod | null> => {
    const secret = await ask(password(target));
    if (secret === null) return null;
    report.tried.push('password');
    return { type: 'password', username: target.user, password: secret };
  };
  return [{ way: 'password', method }];
}

function questionSteps(
  target: SshTarget,
  credentials: SshCredentials,
  report: LoginReport,
  ask: <T>(question: Promise<T>) => Promise<T>,
  giveUp: () => void,
): Step[] {
  const { answers, password } = credentials;
  if (answers === undefined && password === undefined) return [];
  const method = async (): Promise<AnyAuthMethod | null> => {
    // Many servers ask for the password in this way only.
    if (answers === undefined && report.tried.includes('password')) return null;
    report.tried.push('questions of the server');
    let rounds = 0;
    return {
      type: 'keyboard-interactive',
      username: target.user,
      prompt: (name, instructions, _language, prompts, finish) => {
        // Each question stops the clock: without an end to them, there would be none to the login.
        if (++rounds > MAXIMUM_ROUNDS) {
          giveUp();
          return;
        }
        const questions = {
          name,
          instructions,
          prompts: prompts.map(({ prompt, echo }) => ({ prompt, echo: echo === true })),
        };
        const given = async (): Promise<readonly string[] | null> => {
          if (answers !== undefined) return answers(target, questions);
          const secret = questions.prompts.length === 1 ? await password?.(target) : null;
          return secret === null || secret === undefined ? null : [secret];
        };
        ask(given()).then(
          (texts) => finish([...(texts ?? [])]),
          () => finish([]),
        );
      },
    };
  };
  return [{ way: 'keyboard-interactive', method }];
}
