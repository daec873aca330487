/**
 * HTML that cannot be broken out of: what is put into a template is text unless a template made it. There is no other way
 * to make an `Html`, so that a name of a server with markup in it is shown as it is written.
 */
export class Html {
  readonly text: string;
  private constructor(text: string) {
    this.text = text;
  }
  /** The parts of a template are the program's own words; what stands between them is not. */
  static from(parts: TemplateStringsArray, values: readonly Part[]): Html {
    let text = parts[0]!;
    for (const [at, value] of values.entries()) text += partText(value) + parts[at + 1]!;
    return new Html(text);
  }
  /** Pieces that are Html, one after the other: a report of ten thousand servers is no template of ten thousand holes. */
  static join(pieces: readonly Html[], between = ''): Html {
    return new Html(pieces.map(({ text }) => text).join(escaped(between)));
  }
  /**
   * The only way around: for styles, scripts and data that this room wrote and whose ends it guards itself.
   * @throws where it could end the element that it is the contents of
   */
  static raw(text: string): Html {
    if (/<\/|<!--/u.test(text)) throw new Error('What is put into an element could end it.');
    return new Html(text);
  }
}

export type Part = string | number | Html | null | false | readonly Html[];

export const markup = (parts: TemplateStringsArray, ...values: Part[]): Html => Html.from(parts, values);

function partText(value: Part): string {
  if (value === null || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return escaped(String(value));
}

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Inert in text and in quoted attributes. */
export const escaped = (text: string): string =>
  visible(text).replace(/[&<>"']/gu, (character) => NAMED[character]!);

/**
 * Control characters, which HTML does not allow, and marks that turn the order of the letters after them (U+202A to U+202E,
 * U+2066 to U+2069) are shown as what they are instead of being obeyed; half a pair of surrogates is no character.
 */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replace(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu,
      (character) =>
        `\u{27e8}U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}\u{27e9}`,
    );

/** As JSON within a script element that is never run: no `<` can end it. */
export const jsonIn = (value: unknown): Html =>
  Html.raw(
    JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? visible(one) : one)).replace(
      /[<>&\u2028\u2029]/gu,
      (one) => `\\u${hex4(one)}`,
    ),
  );

/** A string of CSS whatever is in it. */
export const cssString = (text: string): string =>
  `"${text.toWellFormed().replace(/[^A-Za-z0-9 .,\u{c0}-\u{24f}]/gu, (one) => `\\${one.codePointAt(0)!.toString(16)} `)}"`;

const hex4 = (character: string): string => character.codePointAt(0)!.toString(16).padStart(4, '0');

/** An id that an element can have, whatever the name is that it was made from; different names stay different. */
export const idOf = (text: string): string =>
  text.toWellFormed().replace(/[^A-Za-z0-9-]/gu, (one) => `_${one.codePointAt(0)!.toString(16)}_`);
