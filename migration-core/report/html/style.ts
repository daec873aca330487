/** The looks of a report: the tokens of the application, and a sheet of its own. */
import { readFileSync } from 'node:fs';
import type { Report } from '../model.ts';
import type { WriteWorld } from '../writer.ts';
import { words } from '../words.ts';
import { cssString } from './escape.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../resources/${name}`, import.meta.url), 'utf8');

/** The sheet, by subject; what comes later wins over what comes before it. */
const SHEET = ['text', 'front', 'chapters', 'tables', 'charts', 'screen', 'paper'];

let kept: { light: string; dark: string; sheet: string; script: string } | null = null;

function resources() {
  if (kept !== null) return kept;
  const tokens = read('style/tokens.css').replace(/\/\*.*?\*\//gsu, '');
  const block = (selector: string): string => {
    const start = tokens.indexOf(`${selector} {`);
    if (start < 0) throw new Error(`The tokens have no ${selector}.`);
    return tokens.slice(tokens.indexOf('{', start) + 1, tokens.indexOf('}', start)).trim();
  };
  kept = {
    light: block(':root'),
    dark: block(":root[data-theme='dark']"),
    sheet: SHEET.map((part) => read(`report/sheet/${part}.css`))
      .join('\n')
      .replace(/\/\*.*?\*\//gsu, ''),
    script: read('report/report.js'),
  };
  return kept;
}

export const script = (): string => resources().script;

/** `file`: light or dark as the reader's system is; `paper` and `preview`: light, always. */
export function style(
  { meta }: Report,
  { options, format }: WriteWorld,
  mode: 'file' | 'paper' | 'preview',
): string {
  const { light, dark, sheet } = resources();
  const brand = options.accent !== null && /^#[0-9a-f]{6}$/iu.test(options.accent) ? options.accent : null;
  const head = [meta.title, ...(meta.draft ? [words.draft] : [])].join('  ·  ');
  const foot = [meta.company, format.figure(meta.createdAt, 'time')].filter((part) => part !== '');
  return [
    `:root { ${light} --brand: ${brand ?? 'var(--accent)'}; }`,
    mode === 'file'
      ? `@media screen and (prefers-color-scheme: dark) { :root { ${dark} ${brand === null ? '' : `--brand: ${brand};`} } }`
      : '',
    sheet,
    // A frame in a page of its own grey shows paper.
    mode === 'preview' ? 'html { background: var(--surface); font-size: 13.5px; }' : '',
    `@page {
      size: ${options.paper === 'Letter' ? 'Letter' : 'A4'};
      @top-left { content: ${cssString(short(head))}; }
      @top-right { content: ${cssString(short(meta.confidentiality))}; }
      @bottom-left { content: ${cssString(short(foot.join('  ·  ')))}; }
      @bottom-right { content: counter(page) " of " counter(pages); }
    }
    @page wide { size: ${options.paper === 'Letter' ? 'Letter' : 'A4'} landscape; }`,
  ].join('\n');
}

/** A margin of a page is one line. */
const MARGIN_LETTERS = 80;
const short = (text: string): string =>
  text.length <= MARGIN_LETTERS ? text : `${text.slice(0, MARGIN_LETTERS - 1)}…`;
