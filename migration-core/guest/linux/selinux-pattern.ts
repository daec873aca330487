/**
 * The path patterns of SELinux policies (file_contexts(5)): regular expressions that fit whole paths. They come from the
 * disk, so they are matched by a state machine whose time is at most length of pattern × length of path; there is no
 * backtracking that a bad pattern could blow up. What is not in the small language below matches nothing.
 *
 *   literal  \x  .  [set]  [^set]  (a|b)  (?:...)  ?  *  +  {n}  {n,m}
 */

type Single = (character: string) => boolean;
type Node =
  | { kind: 'single'; fits: Single }
  | { kind: 'sequence'; parts: Node[] }
  | { kind: 'choice'; options: Node[] }
  | { kind: 'repeat'; part: Node; least: number; most: number };

/** Patterns of real policies have fewer than 300 characters; what repeats are unrolled to is bounded as well. */
const MAX_PATTERN = 2000;
const MAX_STATES = 2000;
const MAX_DEPTH = 50;
const MAX_REPEAT = 100;

export interface PathPattern {
  fits(path: string): boolean;
}

/** Null for a pattern outside the language. */
export function pathPattern(pattern: string): PathPattern | null {
  if (pattern.length > MAX_PATTERN) return null;
  const reader = { pattern, at: 0 };
  const tree = parseChoice(reader, 0);
  if (tree === null || reader.at < pattern.length) return null;
  const machine = build(tree);
  return machine === null ? null : { fits: (path) => run(machine, path) };
}

const META = '.[](){}?*+|^$\\';

/** The literal text that every fitting path begins with: most patterns are ruled out by it without being read. */
export function literalStart(pattern: string): string {
  let literal = '';
  let i = 0;
  while (i < pattern.length) {
    let character = pattern[i]!;
    let next = i + 1;
    if (character === '\\') {
      character = pattern[next] ?? '';
      if (character === '' || /[A-Za-z0-9]/.test(character)) break;
      next++;
    } else if (META.includes(character)) {
      // An alternative at the top may do without all that was read.
      if (character === '|') return '';
      break;
    }
    if ('?*{'.includes(pattern[next] ?? ' ')) break;
    literal += character;
    i = next;
  }
  return hasTopChoice(pattern) ? '' : literal;
}

function hasTopChoice(pattern: string): boolean {
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === '\\') i++;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === '|' && depth <= 0) return true;
  }
  return false;
}

interface Reader {
  pattern: string;
  at: number;
}

function parseChoice(reader: Reader, depth: number): Node | null {
  if (depth > MAX_DEPTH) return null;
  const options: Node[] = [];
  for (;;) {
    const sequence = parseSequence(reader, depth);
    if (sequence === null) return null;
    options.push(sequence);
    if (reader.pattern[reader.at] !== '|') break;
    reader.at++;
  }
  return options.length === 1 ? options[0]! : { kind: 'choice', options };
}

function parseSequence(reader: Reader, depth: number): Node | null {
  const parts: Node[] = [];
  while (reader.at < reader.pattern.length && !'|)'.includes(reader.pattern[reader.at]!)) {
    let part = parseAtom(reader, depth);
    // `a**` and the like mean the same as `a*`; each further sign goes around what is there.
    while (part !== null) {
      const times = parseTimes(reader);
      if (times === 'none') break;
      if (times === null) return null;
      part = { kind: 'repeat', part, ...times };
    }
    if (part === null) return null;
    parts.push(part);
  }
  return { kind: 'sequence', parts };
}

function parseTimes(reader: Reader): { least: number; most: number } | 'none' | null {
  const sign = reader.pattern[reader.at];
  const plain = { '?': [0, 1], '*': [0, Infinity], '+': [1, Infinity] }[sign ?? ''];
  if (plain !== undefined) {
    reader.at++;
    return { least: plain[0]!, most: plain[1]! };
  }
  if (sign !== '{') return 'none';
  const braces = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(reader.pattern.slice(reader.at, reader.at + 12));
  if (braces === null) return null;
  const least = Number(braces[1]);
  const most = braces[2] === undefined ? least : braces[3] === '' ? Infinity : Number(braces[3]);
  if (least > MAX_REPEAT || most < least || (most !== Infinity && most > MAX_REPEAT)) return null;
  reader.at += braces[0].length;
  return { least, most };
}

function parseAtom(reader: Reader, depth: number): Node | null {
  const character = reader.pattern[reader.at]!;
  reader.at++;
  if (character === '.') return single(() => true);
  if (character === '[') return parseSet(reader);
  if (character === '\\') {
    const escaped = reader.pattern[reader.at];
    // Letters and digits after a backslash are classes and references; policies have no use for them.
    if (escaped === undefined || /[A-Za-z0-9]/.test(escaped)) return null;
    reader.at++;
    return single((other) => other === escaped);
  }
  if (character === '(') {
    if (reader.pattern.startsWith('?:', reader.at)) reader.at += 2;
    const inner = parseChoice(reader, depth + 1);
    if (inner === null || reader.pattern[reader.at] !== ')') return null;
    reader.at++;
    return inner;
  }
  return META.includes(character) ? null : single((other) => other === character);
}

const single = (fits: Single): Node => ({ kind: 'single', fits });

/** Behind `[`: characters and ranges; `[:alpha:]` classes are not in use. */
function parseSet(reader: Reader): Node | null {
  const negated = reader.pattern[reader.at] === '^';
  if (negated) reader.at++;
  const ranges: [string, string][] = [];
  for (let first = true; ; first = false) {
    let from = reader.pattern[reader.at];
    if (from === undefined) return null;
    if (from === ']' && !first) break;
    if (from === '[' && reader.pattern[reader.at + 1] === ':') return null;
    if (from === '\\') from = reader.pattern[++reader.at];
    if (from === undefined) return null;
    reader.at++;
    let to = from;
    if (reader.pattern[reader.at] === '-' && !']'.includes(reader.pattern[reader.at + 1] ?? ']')) {
      to = reader.pattern[reader.at + 1]!;
      reader.at += 2;
    }
    ranges.push([from, to]);
  }
  reader.at++;
  return single((other) => ranges.some(([from, to]) => other >= from && other <= to) !== negated);
}

/** States of a Thompson machine: a test of one character, or a fork. -1 is the end. */
interface Machine {
  tests: (Single | null)[];
  next: number[];
  fork: number[];
  start: number;
}

const END = -1;

function build(tree: Node): Machine | null {
  const tests: (Single | null)[] = [];
  const next: number[] = [];
  const fork: number[] = [];
  let steps = 0;
  const state = (test: Single | null, to: number, other: number): number => {
    tests.push(test);
    next.push(to);
    fork.push(other);
    return tests.length - 1;
  };
  // Built from the end to the start: `then` is where a part leads to.
  const add = (node: Node, then: number): number => {
    // Parts are counted as well as states: an empty group makes none, however often it is repeated.
    steps++;
    if (steps > MAX_STATES * 4 || tests.length > MAX_STATES) return then;
    switch (node.kind) {
      case 'single':
        return state(node.fits, then, then);
      case 'sequence':
        return node.parts.reduceRight((after, part) => add(part, after), then);
      case 'choice':
        return node.options
          .map((option) => add(option, then))
          .reduceRight((other, one) => state(null, one, other));
      case 'repeat': {
        let after = then;
        if (node.most === Infinity) {
          after = state(null, then, then);
          next[after] = add(node.part, after);
        } else {
          for (let i = node.least; i < node.most; i++) after = state(null, add(node.part, after), then);
        }
        for (let i = 0; i < node.least; i++) after = add(node.part, after);
        return after;
      }
    }
  };
  const start = add(tree, END);
  return tests.length > MAX_STATES || steps > MAX_STATES * 4 ? null : { tests, next, fork, start };
}

function run({ tests, next, fork, start }: Machine, path: string): boolean {
  const mark = new Int32Array(tests.length).fill(-1);
  let step = 0;
  // All states that can be reached without a character, each entered once a step; true where the end is one of them.
  const enter = (from: number, into: number[]): boolean => {
    let ends = false;
    const todo = [from];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      if (at === END) {
        ends = true;
      } else if (mark[at] !== step) {
        mark[at] = step;
        if (tests[at] === null) todo.push(fork[at]!, next[at]!);
        else into.push(at);
      }
    }
    return ends;
  };
  let states: number[] = [];
  let ended = enter(start, states);
  for (const character of path) {
    step++;
    ended = false;
    const following: number[] = [];
    for (const at of states) if (tests[at]!(character)) ended = enter(next[at]!, following) || ended;
    states = following;
    if (states.length === 0 && !ended) return false;
  }
  return ended;
}
