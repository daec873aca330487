/**
 * Finds names in sentences: all of them at once, the longest first, in one way through the text, for there may be ten
 * thousand of them and a sentence for each.
 */
import type { OwnWords } from './own-words.ts';

/** Shorter ones are found as whole words only: `db` is in many words that have nothing to do with it. */
const SHORT = 3;

interface Node {
  next: Map<number, Node>;
  word: string | null;
  /** Only as a whole word. */
  whole: boolean;
}

const node = (): Node => ({ next: new Map(), word: null, whole: true });
const IN_A_WORD = /[\p{L}\p{N}\p{M}_]/u;
const part = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  // Most of it is ASCII.
  if (unit < 128)
    return (
      (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 95
    );
  // Halves of characters beyond the first plane count as parts of words.
  return (unit >= 0xd800 && unit <= 0xdfff) || IN_A_WORD.test(text[at] ?? '');
};

/** In small letters, each where it was. */
function folded(text: string): string {
  const small = text.toLowerCase();
  if (small.length === text.length) return small;
  return Array.from(text, (character) => {
    const one = character.toLowerCase();
    return one.length === character.length ? one : character;
  }).join('');
}

/** What is an address by its looks alone, whoever has it: IPv4, MAC, e-mail. */
const ADDRESSES =
  /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]*\d)|(?<![0-9a-f:-])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f:-])|[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/giu;

/** Replaces the names of the map by their words. A name within a longer word takes that whole word with it. */
export function nameFinder(names: ReadonlyMap<string, string>, own: OwnWords): (text: string) => string {
  const root = node();
  for (const [name, word] of names) {
    const letters = folded(name);
    if (letters.trim() === '' || own.has(letters)) continue;
    let at = root;
    for (let index = 0; index < letters.length; index++) {
      const unit = letters.charCodeAt(index);
      let next = at.next.get(unit);
      if (next === undefined) at.next.set(unit, (next = node()));
      at = next;
    }
    // The first of two that differ in capital letters alone.
    at.word ??= word;
    at.whole = letters.length <= SHORT || own.within(letters);
  }

  return (text) => {
    const small = folded(text);
    let out = '';
    let kept = 0;
    for (let start = 0; start < small.length; start++) {
      let at: Node | undefined = root.next.get(small.charCodeAt(start));
      let word: string | null = null;
      let end = start;
      const begins = !(start > 0 && part(small, start - 1) && part(small, start));
      for (let to = start + 1; at !== undefined; to++) {
        if (
          at.word !== null &&
          (!at.whole || (begins && !(to < small.length && part(small, to) && part(small, to - 1))))
        ) {
          word = at.word;
          end = to;
        }
        at = to < small.length ? at.next.get(small.charCodeAt(to)) : undefined;
      }
      if (word === null) continue;
      let from = start;
      if (part(small, start)) while (from > kept && part(small, from - 1)) from--;
      if (part(small, end - 1)) while (end < small.length && part(small, end)) end++;
      out += text.slice(kept, from) + word;
      kept = end;
      start = end - 1;
    }
    const found = kept === 0 ? text : out + text.slice(kept);
    return /[.:@-]/u.test(found) ? found.replace(ADDRESSES, 'an address') : found;
  };
}
