/** Pages that cannot be broken out of, whatever a server is called. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { cssString, escaped, Html, idOf, markup } from '../../../migration-core/report/html/escape.ts';
import { page, previewOf, writeHtml } from '../../../migration-core/report/html/write.ts';
import type { Report } from '../../../migration-core/report/model.ts';
import { md, writeMarkdown } from '../../../migration-core/report/markdown/write.ts';
import { HOSTILE_NAMES, namedInput, reportFrom, writeWorld } from '../../support/report-inputs.ts';

/** Without what the program wrote itself. */
const bare = (text: string): string => text.replace(/<(script|style)>.*?<\/\1>/gsu, '');

let hostile: Report;
beforeAll(async () => {
  hostile = reportFrom(await namedInput(HOSTILE_NAMES), {
    confidentiality: '"; } </style><b>',
    title: HOSTILE_NAMES[0]!,
  });
});

describe('a template', () => {
  it('takes what is put in for text, in text and in attributes', () => {
    expect(markup`<p title="${'"><b>'}">${'<i>&'}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;b&gt;">&lt;i&gt;&amp;</p>',
    );
    expect(markup`<p>${markup`<b>${'<'}</b>`}${null}${false}${3}</p>`.text).toBe('<p><b>&lt;</b>3</p>');
  });
  it('shows control characters and marks that turn the order of letters', () => {
    expect(escaped('a\u001b[31m\u202Egnp')).toBe('a⟨U+001B⟩[31m⟨U+202E⟩gnp');
    expect(escaped('\ud800x')).toBe('\ufffdx');
  });
  it('refuses raw contents that could end their element', () => {
    expect(() => Html.raw('x</style>')).toThrow(/could end it/u);
    expect(() => Html.raw('<!--')).toThrow(/could end it/u);
  });
  it('keeps ids of different names apart', () => {
    const ids = ['a b', 'a_b', 'a-b', 'a"b', 'ä', ''].map(idOf);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]*$/u);
  });
  it('keeps a string of a style a string', () => {
    expect(cssString('"; } </style>\n')).toMatch(/^"[A-Za-z0-9 .,\\]*"$/u);
  });
});

describe('a page of hostile names', () => {
  it('on paper names the columns of which nothing is known as their heads would be', () => {
    const remarks = page(hostile, writeWorld(hostile), 'paper', null).match(/Not known of any row: [^<]*/gu);
    expect(remarks).toContain('Not known of any row: Days; Samples there, %.');
    expect(remarks?.join('')).toContain('; Disk p95, IOPS; Disk p95, MiB/s; Network p95, MiB/s.');
  });
  it('has the elements of the program and no others', () => {
    const text = page(hostile, writeWorld(hostile), 'file', null);
    expect(text.match(/<script[^>]*>/gu)!.filter((tag) => !tag.includes('application/json'))).toEqual([
      '<script>',
    ]);
    expect(text.match(/<style/gu)).toHaveLength(1);
    expect(text.match(/<\/style/gu)).toHaveLength(1);
    expect(text).not.toMatch(/<img|onerror=alert\(1\)>|<b>|<!--/u);
    expect(text).not.toMatch(/\son[a-z]+="|style="/u);
    expect(text).toContain('&lt;script&gt;document.title=');
    expect(text).toContain(`long-${'x'.repeat(295)}`);

    expect(text.match(/.{0,30}[\u0000-\u0008\u001b\u202e].{0,30}/u)).toBeNull();
  });
  it('is let run by its policy exactly what stands in it, and load nothing', () => {
    const text = page(hostile, writeWorld(hostile), 'file', null);
    const policy = /content="(default-src[^"]*)"/u.exec(text)![1]!.replaceAll('&#39;', "'");
    const hash = (contents: string) => `'sha256-${createHash('sha256').update(contents).digest('base64')}'`;
    const css = /<style>(.*?)<\/style>/su.exec(text)![1]!;
    const code = /<script>(.*?)<\/script>/su.exec(text)![1]!;
    expect(policy).toBe(
      `default-src 'none'; style-src ${hash(css)}; script-src ${hash(code)}; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    expect(text).not.toMatch(/(?:href|src)="(?!#|data:)/u);
    expect(css).not.toMatch(/url\(|@import/u);
  });
  it('is the same twice, and has every name once it is asked for by its audience', async () => {
    const world = writeWorld(hostile);
    const [one, two] = [await writeHtml(hostile, world), await writeHtml(hostile, world)];
    expect(Buffer.compare(one as Uint8Array, two as Uint8Array)).toBe(0);
  });
  it('has no script and no link where it is shown in the application', () => {
    const { body } = previewOf(hostile, writeWorld(hostile));
    expect(body).not.toMatch(/<script|<a |<style|\son[a-z]+="/u);
    expect(body).toContain('&lt;script&gt;');
  });
});

describe('a report of little', () => {
  it.each([
    ['an empty engagement', []],
    ['one server of which nothing is known', ['lonely']],
  ])('is a page and a summary: %s', async (_, names) => {
    const report = reportFrom(await namedInput(names));
    const text = page(report, writeWorld(report), 'file', null);
    expect(bare(text).match(/.{30}(?:NaN|undefined|\[object|Infinity|>null<).{30}/u)).toBeNull();
    const markdown = Buffer.from((await writeMarkdown(report, writeWorld(report))) as Uint8Array).toString();
    expect(markdown).not.toMatch(/NaN|undefined|\[object|Infinity|\bnull\b/u);
    if (names.length === 0) expect(text).toContain('No servers have been collected yet.');
    else expect(text).toContain('Not measured.');
  });
});

describe('Markdown', () => {
  it('says names as text', async () => {
    expect(md('[a](javascript:x) **b** <i> `c` # d')).toBe(
      '\\[a\\](javascript:x) \\*\\*b\\*\\* \\<i\\> \\`c\\` # d',
    );
    expect(md('# head')).toBe('\\# head');
    expect(md('db_01.example')).toBe('db_01.example');
    expect(md('a\nb\u001b')).toBe('a b ');
    const text = Buffer.from((await writeMarkdown(hostile, writeWorld(hostile))) as Uint8Array).toString();
    expect(text).not.toMatch(/(?<!\\)<|(?<!\\)\]\(javascript/u);
    for (const line of text.split('\n').filter((one) => one.startsWith('|')))
      expect(line.match(/(?<!\\)\|/gu)!.length, line).toBeGreaterThan(2);
  });
});
