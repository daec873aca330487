/**
 * Where secrets come from: asked for at the moment they are needed, by whoever holds them (the key store of the operating
 * system, a person at a dialogue), sent to the server and forgotten. Every part may be left away; null: there is none.
 */
import type { SshTarget } from './target.ts';

export interface PrivateKey {
  /** For sentences: the name of its file. */
  name: string;
  /** The whole file, in the format of OpenSSH, PEM or PuTTY. */
  content: string | Buffer;
}

export interface LoginQuestions {
  name: string;
  instructions: string;
  /** Text of the server, to be shown inert; `echo` false: what is typed must not be seen. */
  prompts: { prompt: string; echo: boolean }[];
}

export interface SshCredentials {
  /** Path of the agent's socket or pipe, or `pageant`. */
  agent?: (target: SshTarget) => Promise<string | null>;
  keys?: (target: SshTarget) => Promise<readonly PrivateKey[]>;
  /** Asked only for a key that is locked. */
  passphrase?: (target: SshTarget, keyName: string) => Promise<string | null>;
  password?: (target: SshTarget) => Promise<string | null>;
  /** Keyboard-interactive login: one-time codes and the like. */
  answers?: (target: SshTarget, questions: LoginQuestions) => Promise<readonly string[] | null>;
  /** Asked only where sudo wants one. */
  sudoPassword?: (target: SshTarget) => Promise<string | null>;
}

/** The agent of this session. @param environment usually `process.env` */
export function sessionAgent(
  environment: Record<string, string | undefined>,
  platform: NodeJS.Platform,
): string | null {
  const socket = environment['SSH_AUTH_SOCK'];
  if (socket !== undefined && socket !== '') return socket;
  return platform === 'win32' ? 'pageant' : null;
}
