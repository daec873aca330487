/**
 * SELinux labels of files that the conversion makes. A guest that enforces its policy does not read a file without the
 * right label, so new files get the one its own policy gives to their path (file_contexts(5), selabel_file(5)).
 */
import type { GuestReader } from '../fixer.ts';
import { parentOf } from '../tree-path.ts';
import { literalStart, pathPattern } from './selinux-pattern.ts';

export const SELINUX_CONFIG = '/etc/selinux/config';
export const LABEL = 'security.selinux';

/** The largest file_contexts known is below 1 MiB. Bytes. */
const CONTEXTS_LIMIT = 4 << 20;
/** Policies of distributions have up to 9000. */
const MOST_RULES = 30_000;

interface Rule {
  pattern: string;
  start: string;
  /** `--` files, `-d` directories, `-l` symlinks; null for all. */
  type: string | null;
  context: string;
}

interface Policy {
  /** In the order of their weight: the last one that fits decides. */
  rules: Rule[];
  /** Paths that count as others: `/etc/systemd/system` as `/usr/lib/systemd/system`. */
  aliases: [from: string, to: string][];
}

/** Read once for each view of a guest. */
const policies = new WeakMap<GuestReader, Promise<Policy | null>>();

/**
 * The label for a new file at a guest path, with the NUL the kernel stores at its end; null where the guest has none.
 * The policy decides, else the directory the file is in. `type` is what the new object will be.
 */
export async function labelFor(
  path: string,
  files: GuestReader,
  type: 'file' | 'directory' | 'symlink' = 'file',
): Promise<Uint8Array | null> {
  const inherited = await nearestLabel(path, files);
  // Nothing around it has a label: SELinux is off, or the volume keeps none.
  if (inherited === null) return null;
  let policy = policies.get(files);
  if (policy === undefined) {
    policy = readPolicy(files);
    policies.set(files, policy);
  }
  const context = contextFor(await policy, path, type);
  return context === null ? inherited : new Uint8Array(Buffer.from(`${context}\0`, 'latin1'));
}

/** The label of the nearest directory above that exists, or null. */
async function nearestLabel(path: string, files: GuestReader): Promise<Uint8Array | null> {
  for (let directory = parentOf(path); ; directory = parentOf(directory)) {
    if (await files.exists(directory)) return (await files.xattrs(directory)).get(LABEL) ?? null;
    if (directory === '/') return null;
  }
}

async function readPolicy(files: GuestReader): Promise<Policy | null> {
  const config = await files.readText(SELINUX_CONFIG);
  const type = /^[ \t]*SELINUXTYPE[ \t]*=[ \t]*([\w-]+)/m.exec(config ?? '')?.[1] ?? 'targeted';
  const base = `/etc/selinux/${type}/contexts/files/file_contexts`;
  const parts: Rule[][] = [];
  for (const part of [base, `${base}.homedirs`, `${base}.local`])
    parts.push(parseRules(await textOf(files, part)));
  const rules = parts.flat();
  if (rules.length === 0 || rules.length > MOST_RULES) return null;
  const aliases: Policy['aliases'] = [];
  for (const part of [`${base}.subs_dist`, `${base}.subs`])
    for (const line of (await textOf(files, part)).split('\n')) {
      const words = line.split('#')[0]!.trim().split(/\s+/);
      if (words.length === 2) aliases.push([words[0]!, words[1]!]);
    }
  // Paths without any pattern sign weigh more than all patterns.
  const exact = (rule: Rule): boolean =>
    rule.start.length > 0 && !/[.^$?*+|[({]/.test(rule.pattern.replace(/\\./g, ''));
  return { rules: [...rules.filter((rule) => !exact(rule)), ...rules.filter(exact)], aliases };
}

async function textOf(files: GuestReader, path: string): Promise<string> {
  const stat = await files.stat(path);
  if (stat?.type !== 'file' || stat.size > CONTEXTS_LIMIT) return '';
  const bytes = await files.readFile(path, CONTEXTS_LIMIT);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Lines `PATTERN [TYPE] CONTEXT`; `<<none>>` says that the policy has no opinion. */
export function parseRules(text: string): Rule[] {
  const rules: Rule[] = [];
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words.length < 2 || words.length > 3 || words[0]!.startsWith('#')) continue;
    const [pattern = '', context = ''] = [words[0], words.at(-1)];
    const type = words.length === 3 ? words[1]! : null;
    if (context !== '<<none>>' && !/^[\w.-]+:[\w.-]+:[\w.-]+(:[\w.,:-]+)?$/.test(context)) continue;
    rules.push({ pattern, start: literalStart(pattern), type, context });
  }
  return rules;
}

const TYPES = { file: '--', directory: '-d', symlink: '-l' } as const;

function contextFor(policy: Policy | null, path: string, type: keyof typeof TYPES): string | null {
  if (policy === null) return null;
  let name = path;
  // Of several aliases that fit, the first; libselinux goes through them once.
  const alias = policy.aliases.find(([from]) => name === from || name.startsWith(`${from}/`));
  if (alias !== undefined) name = alias[1] + name.slice(alias[0].length);
  const rule = policy.rules.findLast(
    (candidate) =>
      (candidate.type === null || candidate.type === TYPES[type]) &&
      name.startsWith(candidate.start) &&
      (pathPattern(candidate.pattern)?.fits(name) ?? false),
  );
  return rule === undefined || rule.context === '<<none>>' ? null : rule.context;
}
