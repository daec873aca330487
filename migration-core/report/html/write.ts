/**
 * A report as one HTML file that needs nothing else: no network, no other file. Its own policy lets only its own style and
 * script run, each known by its hash: a name that were taken for markup in spite of all could still do nothing.
 */
import { createHash } from 'node:crypto';
import type { Report } from '../model.ts';
import type { ReportWriter, WriteWorld } from '../writer.ts';
import { bodyOf, type Mode } from './document.ts';
import { Html, markup } from './escape.ts';
import { script, style } from './style.ts';

export const writeHtml: ReportWriter = async (report, world) =>
  new TextEncoder().encode(page(report, world, 'file', null));

/** The whole page. @param pages for paper: on which page each id is; null: not known yet */
export function page(
  report: Report,
  world: WriteWorld,
  mode: Exclude<Mode, 'preview'>,
  pages: ReadonlyMap<string, number> | null,
): string {
  const css = style(report, world, mode);
  const code = mode === 'file' ? script() : null;
  const policy = [
    "default-src 'none'",
    `style-src '${digest(css)}'`,
    ...(code === null ? [] : [`script-src '${digest(code)}'`]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const { body } = bodyOf(report, world, mode, pages);
  return markup`<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${Html.raw(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${report.meta.program}">
<title>${report.meta.title}</title>
<style>${Html.raw(css)}</style>
</head>
<body>
${body}
${code === null ? null : markup`<script>${Html.raw(code)}</script>`}
</body>
</html>
`.text;
}

/** What the application shows while options are chosen: a part of the page without a script. */
export function previewOf(report: Report, world: WriteWorld): { css: string; body: string } {
  return {
    css: style(report, world, 'preview'),
    body: bodyOf(report, world, 'preview', null).body.text,
  };
}

const digest = (text: string): string =>
  `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
