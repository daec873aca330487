/** A report as a page: the same elements for a screen, for paper and for the preview; what differs is told by the mode. */
import type { Report, Section, Text } from '../model.ts';
import type { WriteWorld } from '../writer.ts';
import { NOT_MEASURED } from '../format.ts';
import { words } from '../words.ts';
import { block, isLandscape, said, type Draw } from './blocks.ts';
import type { Html } from './escape.ts';
import { idOf, markup } from './escape.ts';

/**
 * `file`: a person reads it in a browser, scripts help; `paper`: it is printed by a program; `preview`: a part of it is
 * shown in the application.
 */
export type Mode = 'file' | 'paper' | 'preview';

/** Above so many sheets of single servers a browser is slow and a binder full: the data formats show all of them. */
export const MOST_SHEETS: Record<Mode, number> = { file: 300, paper: 120, preview: 3 };

export interface Body {
  body: Html;
  /** Ids of what the contents lead to, in their order. */
  targets: string[];
}

/** @param pages page of each id, for paper; null: not known yet */
export function bodyOf(
  report: Report,
  world: WriteWorld,
  mode: Mode,
  pages: ReadonlyMap<string, number> | null,
): Body {
  const draw: Draw = { format: world.format, mode, inSheet: false, currency: report.meta.currency };
  const targets: string[] = [];
  const entry = (id: string, number: string, title: string, inner: Html = markup``): Html => {
    targets.push(idOf(id));
    return markup`<li><a href="#${idOf(id)}">${
      number === '' ? null : markup`<span class="number">${number}</span>`
    }<span dir="auto">${title}</span>${
      mode === 'paper'
        ? markup`<span class="fill" aria-hidden="true"></span><span class="page">${pageOf(pages, idOf(id))}</span>`
        : null
    }</a>${inner}</li>`;
  };
  const contents = report.sections.map((section, at) => {
    const below = isSheets(section) ? [] : section.sections;
    return entry(
      section.id,
      String(at + 1),
      section.title,
      below.length === 0
        ? markup``
        : markup`<ol>${below.map((part, index) => entry(part.id, `${at + 1}.${index + 1}`, part.title))}</ol>`,
    );
  });
  const chapters = report.sections.map((section, at) =>
    isSheets(section)
      ? sheets(section, at + 1, draw, world, entry)
      : markup`<section class="chapter" id="${idOf(section.id)}"><h2><span class="number">${at + 1}</span>${section.title}</h2>
<p class="lead">${said(section.lead)}</p>
${blocksOf(section, draw, at === 0)}
${section.sections.map(
  (
    part,
    index,
  ) => markup`<section class="${part.blocks.some(isLandscape) ? 'part landscape' : 'part'}" id="${idOf(part.id)}"><h3><span class="number">${at + 1}.${index + 1}</span><span dir="auto">${part.title}</span></h3>
<p class="lead">${said(part.lead)}</p>
${blocksOf(part, draw, false)}
${part.sections.map((deeper) => markup`<section class="part" id="${idOf(deeper.id)}"><h4 dir="auto">${deeper.title}</h4><p>${said(deeper.lead)}</p>${blocksOf(deeper, draw, false)}</section>`)}</section>
`,
)}</section>
`,
  );
  const layout = [
    'layout',
    ...(mode === 'preview' ? ['single'] : []),
    // Few short chapters: they follow each other, and the contents stand on the cover.
    ...(report.sections.every(({ sections }) => sections.length === 0) ? ['brief'] : []),
  ];
  return {
    targets,
    body: markup`${mode === 'file' ? markup`<a class="skip" href="#report">${words.skip}</a>` : null}
<div class="${layout.join(' ')}">${mode === 'paper' ? cover(report, world) : null}${
      // Links of the preview would lead out of its frame.
      mode === 'preview'
        ? null
        : markup`<nav class="contents" aria-labelledby="contents-title"><h2 id="contents-title">${words.contents}</h2><ol>${contents}</ol></nav>`
    }
<main id="report">${mode === 'paper' ? null : cover(report, world)}
${chapters}</main></div>`,
  };
}

/** On paper a page before the contents, on screen the head of the report beside them. */
function cover({ meta }: Report, { format, options }: WriteWorld): Html {
  const rows: readonly (readonly [string, string, boolean?])[] = [
    [words.preparedFor, meta.customer],
    [words.preparedBy, [meta.consultant, meta.company].filter((part) => part !== '').join(', ')],
    [
      words.date,
      format.figure(
        new Date(meta.createdAt + meta.utcOffsetMinutes * 60_000).toISOString().slice(0, 10),
        'date',
      ),
    ],
    [
      words.measured,
      meta.period === null
        ? NOT_MEASURED
        : `${format.figure(meta.period.from, 'time')} ${words.to} ${format.figure(meta.period.to, 'time')}`,
    ],
    [words.scenario, meta.scenario],
    [words.rules, meta.rules],
    [words.program, meta.program],
    [words.inputs, meta.inputs, true],
  ];
  return markup`<header class="cover">${
    options.logo === null
      ? null
      : markup`<img class="logo" alt="${meta.company === '' ? meta.consultant : meta.company}" src="data:${options.logo.type};base64,${Buffer.from(options.logo.bytes).toString('base64')}">`
  }${meta.draft ? markup`<p class="draft">${words.draft}</p>` : null}<p class="kind">${meta.confidentiality}</p><h1 dir="auto">${meta.title}</h1>
<dl class="about">${rows
    .filter(([, value]) => value !== '')
    .map(
      ([title, value, isCode]) =>
        markup`<dt>${title}</dt><dd dir="auto">${isCode === true ? markup`<code>${value}</code>` : value}</dd>`,
    )}</dl></header>`;
}

const pageOf = (pages: ReadonlyMap<string, number> | null, id: string): string => {
  // As wide as a page number is, so that nothing moves when it is filled in.
  if (pages === null) return '00';
  const page = pages.get(id);
  return page === undefined ? '' : String(page);
};

const isSheets = ({ id }: Section): boolean => id === 'servers';

function blocksOf(section: Section, draw: Draw, isSummary: boolean): Html[] {
  let first = isSummary;
  return section.blocks.map((one) => {
    const big = first && one.kind === 'facts';
    if (big) first = false;
    return block(one, big ? { ...draw, big: true } : draw);
  });
}

function sheets(
  section: Section,
  number: number,
  draw: Draw,
  { format }: WriteWorld,
  entry: (id: string, number: string, title: string) => Html,
): Html {
  const all = section.sections;
  const most = MOST_SHEETS[draw.mode];
  const isPreview = draw.mode === 'preview';
  const shown = all.length <= most || isPreview ? all.slice(0, most) : [];
  const count = (value: number): string => format.figure(value, 'count');
  const inner: Draw = { ...draw, inSheet: true };
  return markup`<section class="chapter" id="${idOf(section.id)}"><h2><span class="number">${number}</span>${section.title}</h2>
<p class="lead">${said(section.lead)}</p>
${blocksOf(section, draw, false)}
${
  shown.length < all.length
    ? markup`<p class="note information"><span>${isPreview ? words.sheetsPreview(count(all.length - shown.length)) : words.sheetsElsewhere(count(all.length), count(most))}</span></p>`
    : null
}
${draw.mode === 'paper' && shown.length > 3 ? markup`<ol class="index">${shown.map(({ id, title }) => entry(id, '', title))}</ol>` : null}
${shown.map((sheet) =>
  draw.mode === 'file'
    ? markup`<details class="sheet" id="${idOf(sheet.id)}"><summary><h3 dir="auto">${sheet.title}</h3> <span class="because">${firstSentence(sheet.lead)}</span></summary>
<p class="lead">${said(sheet.lead)}</p>${blocksOf(sheet, inner, false)}</details>
`
    : markup`<section class="sheet" id="${idOf(sheet.id)}"><h3 dir="auto">${sheet.title}</h3>
<p class="lead">${said(sheet.lead)}</p>${blocksOf(sheet, inner, false)}</section>
`,
)}</section>
`;
}

/** The verdict, which stands before the first full stop. */
function firstSentence(text: Text): string {
  const plain = typeof text === 'string' ? text : typeof text[0] === 'string' ? text[0] : '';
  return plain.split('. ', 1)[0]!;
}
