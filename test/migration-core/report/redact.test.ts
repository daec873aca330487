/** A redacted report has no name in it, and still tells which is which. */
import { describe, expect, it } from 'vitest';
import { formats } from '../../../migration-core/report/formats.ts';
import type { Report, Section } from '../../../migration-core/report/model.ts';
import { redact, redactionOf } from '../../../migration-core/report/redact.ts';
import { allText } from '../../support/archives.ts';
import { madeUpReport, world } from '../../support/reports.ts';

const sentences = (report: Report): string[] =>
  (report.sections[0]!.blocks[1] as { kind: 'list'; items: string[] }).items;
const rows = (report: Report): unknown[] =>
  report.sections[0]!.blocks.flatMap((block) =>
    block.kind === 'table' ? block.table.rows.map(([name]) => name) : [],
  );

const withSentences = (names: string[], ...items: string[]): Report => {
  const report = madeUpReport(names);
  const first = report.sections[0]!;
  const blocks = first.blocks.map((block) => (block.kind === 'list' ? { ...block, items } : block));
  return { ...report, sections: [{ ...first, blocks } satisfies Section, ...report.sections.slice(1)] };
};

describe('names in sentences', () => {
  it('are replaced as whole words, the longest first, in small and capital letters', () => {
    const report = withSentences(
      ['web', 'web-01', 'web-01.corp.example', 'erp'],
      'web-01.corp.example talks to WEB-01 and Web.',
      'Interpreted by erp; enterprise is a word.',
    );
    expect(sentences(redact(report))).toEqual([
      'Server-4 talks to Server-3 and Server-2.',
      'Interpreted by Server-1; enterprise is a word.',
    ]);
  });

  it('take with them the word in which they stand, but not a word of ours', () => {
    const report = withSentences(
      ['acme07', 'memory', 'emor'],
      'xacme07backup has memory, and emor has none.',
    );
    expect(sentences(redact(report))).toEqual(['Server-1 has memory, and Server-2 has none.']);
    expect(rows(redact(report))).toEqual(['Server-1', 'Server-3', 'Server-2']);
  });

  it('may have spaces, signs of patterns, or be the word that another is replaced by', () => {
    const report = withSentences(
      ['Mail Server (old)', 'a.*b[1]', 'Server-1'],
      'Mail Server (old), a.*b[1], Server-1.',
    );
    const redacted = redact(report);
    expect(sentences(redacted)).toEqual(['Server-2, Server-4, Server-3.']);
    expect(rows(redacted)).toEqual(['Server-2', 'Server-4', 'Server-3']);
  });

  it('are looked for among addresses as well, and version numbers are none', () => {
    const report = withSentences(
      ['x1'],
      'At 10.20.30.40, 00:15:5d:01:02:03 or ada@corp.example; build 10.0.20348.1 of 1.2.3.',
    );
    expect(sentences(redact(report))).toEqual([
      'At an address, an address or an address; build 10.0.20348.1 of 1.2.3.',
    ]);
  });

  it('lose the customer with them', () => {
    const made = withSentences(['x1'], 'Harbour Ltd has asked.');
    const report = {
      ...made,
      meta: { ...made.meta, customer: 'Harbour Ltd', title: 'Assessment for Harbour Ltd' },
    };
    const redacted = redact(report);
    expect(redacted.meta).toMatchObject({ customer: '', title: 'Assessment for the customer' });
    expect(sentences(redacted)).toEqual(['the customer has asked.']);
  });
});

describe('words', () => {
  it('are the same in a report of a part of the estate', () => {
    const whole = redactionOf(madeUpReport(['alpha-1', 'beta-2', 'gamma-3']));
    expect(rows(redact(madeUpReport(['gamma-3', 'beta-2']), whole))).toEqual(['Server-3', 'Server-2']);
    expect(rows(redact(madeUpReport(['gamma-3', 'new-9']), whole))).toEqual(['Server-3', 'Server-4']);
  });
});

describe('every format', () => {
  it.each(formats.filter(({ id }) => id !== 'pdf').map((format) => [format.id, format] as const))(
    'keeps no name: %s',
    async (_id, format) => {
      const names = ['erp-db-01', 'Größe-7', 'Mail Server 3', 'שרת-דואר', 'fin07.corp.example'];
      const write = await format.load();
      const open = allText((await write(madeUpReport(names), world())) as Uint8Array);
      const shut = allText((await write(redact(madeUpReport(names)), world())) as Uint8Array);
      for (const name of names) {
        expect(open.includes(name.toLowerCase()), name).toBe(true);
        expect(shut.includes(name.toLowerCase()), name).toBe(false);
      }
    },
  );
});
