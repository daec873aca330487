/** What is chosen for a report, before and after the defaults of the contract. */
import type { Output } from '../../state/types.ts';

export type Preset = Output<'reports.get'>['presets'][number];
export type Choices = Preset['choices'];
export type Preview = Output<'reports.preview'>;

export const START: Choices = {
  audience: 'technical',
  owner: null,
  sections: null,
  title: null,
  draft: false,
  confidentiality: 'Confidential',
  redacted: false,
  locale: null,
  paper: 'A4',
  accent: null,
  logo: null,
};

/** What is handed over to people, and what they work on with; PDF is written where it can be. */
const FIRST = ['pdf', 'html'];
export const firstFormats = (formats: Output<'reports.get'>['formats']): string[] => {
  const possible = formats.filter(({ missing }) => missing === null).map(({ id }) => id);
  const first = possible.filter((id) => FIRST.includes(id));
  return first.length > 0 ? first : possible.slice(0, 1);
};

export const isColour = (text: string): boolean => /^#[0-9a-f]{6}$/iu.test(text);

export function isTag(text: string): boolean {
  try {
    Intl.getCanonicalLocales(text);
    return true;
  } catch {
    return false;
  }
}

/** One chapter more or less; null stands for all, and all becomes null again. */
export function withSection(
  sections: readonly string[] | null,
  all: readonly string[],
  id: string,
  wanted: boolean,
): string[] | null {
  const chosen = new Set(sections ?? all);
  if (wanted) chosen.add(id);
  else chosen.delete(id);
  const next = all.filter((one) => chosen.has(one));
  return next.length === all.length ? null : next;
}
