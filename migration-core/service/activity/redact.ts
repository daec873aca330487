/** What must not be in a log: secrets never, names where a log is given away. */

const REMOVED = '[removed]';
const SECRET_KEY = /pass(word|phrase|wd)?$|secret|token|credential|private.?key|authorization|cookie/iu;
const PEM = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]{0,40}-----|$)/gu;
/** `https://user:word@host`, `password=word`, `Authorization: Bearer word`. */
const IN_ADDRESS = /(:\/\/[^\s/:@]{0,100}):[^\s/@]{1,200}@/gu;
const IN_TEXT =
  /\b(pass(?:word|phrase|wd)?|pwd|secret|token|authorization)(["']?\s*[:=]\s*)("[^"]*"|'[^']*'|(?:bearer\s+|basic\s+)?[^\s,;&"']+)/giu;

/** Of one entry: what is deeper or longer tells nobody anything. */
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;
const MAX_TEXT = 2000;

/** Plain data without secrets, bounded in every direction. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cleaned(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return null;
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((one) => withoutSecrets(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([key, one]) => [
        key.slice(0, 100),
        SECRET_KEY.test(key) ? REMOVED : withoutSecrets(one, depth + 1),
      ]),
  );
}

export function cleaned(text: string): string {
  // Cut first: what follows looks at every character more than once.
  return text
    .slice(0, MAX_TEXT)
    .replace(PEM, REMOVED)
    .replace(IN_ADDRESS, `$1:${REMOVED}@`)
    .replace(IN_TEXT, `$1$2${REMOVED}`);
}

/** Keys of details whose values are names as a whole. */
const NAME_KEY =
  /^(server|servers|host|hosts|name|names|customer|user|path|file|files|folder|source|title|edit|label)$/iu;
const IPV4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b/gu;
const IPV6 = /(?<![0-9a-z:])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{3,39}(?![0-9a-z:])/giu;
const MAC = /\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b/giu;
/** `web01.corp.example`; not `1.5` and not `report.pdf`. */
const DOMAIN_NAME = /\b(?=[a-z0-9-]*[a-z])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){2,}\b/giu;
/** Absolute paths, of Windows and of others. */
const PATH = /(?<![\w:/])(?:[A-Za-z]:\\|\\\\|\/(?=[^\s/]+\/))[^\s"'<>|,;)]*/gu;
/** As systems tell of them, spaces and all: `open '/srv/Acme Ltd/web 01'`. */
const QUOTED_PATH = /(?<=['"“])(?:[A-Za-z]:\\|\\\\|\/)[^'"”\n]+(?=['"”])/gu;
/** Keys of details whose values are paths. */
const PATH_KEY = /^(path|file|files|folder|source|input|output)$/iu;

/** Paths that entries name as such, and the last name of each: both stand in sentences, where spaces hide their end. */
export function pathsIn(entries: readonly { details: Record<string, unknown> }[]): string[] {
  const paths = entries.flatMap(({ details }) =>
    Object.entries(details).flatMap(([key, value]) =>
      PATH_KEY.test(key) && typeof value === 'string' && /^(?:[A-Za-z]:\\|\\\\|\/)./u.test(value)
        ? [value]
        : [],
    ),
  );
  return [...new Set(paths.flatMap((path) => [path, path.split(/[\\/]/u).findLast((part) => part !== '')!]))];
}

export interface NameHider {
  text(text: string): string;
  details(details: Record<string, unknown>): Record<string, unknown>;
}

/**
 * Replaces names by `name-1`, `name-2` in the order they are met, the same name by the same word. `known`: names of
 * servers and customers to be found in the middle of sentences, too. `paths`: those of `pathsIn`.
 */
export function nameHider(known: readonly string[], paths: readonly string[] = []): NameHider {
  const words = new Map<string, string>();
  const wordFor = (name: string): string => {
    const key = name.toLowerCase();
    const word = words.get(key) ?? `name-${words.size + 1}`;
    words.set(key, word);
    return word;
  };
  const pathPieces = piecesOf(patternsOf(paths), PATH_TAIL);
  const pieces = piecesOf(patternsOf(known), '');

  function text(whole: string): string {
    let hidden = whole;
    for (const pattern of [...pathPieces, MAC, QUOTED_PATH, PATH, DOMAIN_NAME, IPV4, IPV6, ...pieces])
      hidden = hidden.replace(pattern, (found) => wordFor(found));
    return hidden;
  }
  function value(one: unknown, isName: boolean): unknown {
    if (typeof one === 'string') return isName && one !== '' ? wordFor(one) : text(one);
    if (Array.isArray(one)) return one.map((item) => value(item, isName));
    if (typeof one === 'object' && one !== null) return details(one as Record<string, unknown>);
    return one;
  }
  function details(from: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(from).map(([key, one]) => [key, value(one, NAME_KEY.test(key))]),
    );
  }
  return { text, details };
}

/** Ten thousand names in one pattern are more than some engines take. */
const NAMES_AT_ONCE = 500;

/** What lies in a folder that is known. */
const PATH_TAIL = String.raw`(?:[\\/][^\s"'<>|,;)]*)?`;

/** Longest first, so that db1 does not take the beginning of db10. One letter would take too much else. */
const patternsOf = (names: readonly string[]): string[] =>
  names
    .filter((name) => name.length >= 2)
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
    .map((name) => name.replace(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`));

function piecesOf(names: readonly string[], tail: string): RegExp[] {
  const pieces: RegExp[] = [];
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE)
    pieces.push(
      new RegExp(
        String.raw`(?<![\p{L}\p{N}_-])(?:${names.slice(at, at + NAMES_AT_ONCE).join('|')})(?![\p{L}\p{N}_-])${tail}`,
        'giu',
      ),
    );
  return pieces;
}
