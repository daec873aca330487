import { expect, test } from 'vitest';
import {
  MAX_SECTION_BYTES,
  MAX_SECTIONS,
  readSections,
  SectionReader,
} from '../../../../migration-core/collect/linux/sections.ts';
import { seeded } from '../../../support/tools.ts';

const frame = (...lines: string[]): Buffer => Buffer.from(lines.join('\n'));

const SAMPLE = frame(
  'Welcome to server7!',
  '@ironlift-linux 1',
  '@begin a b',
  '|one',
  '|',
  '|@end a b 0',
  '|!x',
  '!warning: été',
  '',
  '@end a b 3',
  '',
  '@begin c',
  '|=cmd|\u001b[31m<b>',
  '',
  '@end c 0',
  '@done',
  '',
);

test('what a tool prints can never be taken for the frame, wherever the pieces are cut', async () => {
  const whole = await readSections([SAMPLE]);
  expect(whole.complete).toBe(true);
  expect(whole.strayLines).toBe(1);
  expect([...whole.sections.keys()]).toEqual(['a b', 'c']);
  expect(whole.sections.get('a b')).toEqual({
    status: 3,
    text: 'one\n\n@end a b 0\n!x\n',
    errors: 'warning: été',
    truncated: false,
  });
  expect(whole.sections.get('c')?.text).toBe('=cmd|\u001b[31m<b>\n');
  for (let size = 1; size < 40; size++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < SAMPLE.length; at += size) pieces.push(SAMPLE.subarray(at, at + size));
    expect(await readSections(pieces)).toEqual(whole);
  }
});

test('a collection that broke off says so, and keeps what came', async () => {
  const cut = await readSections([SAMPLE.subarray(0, SAMPLE.indexOf('@end c'))]);
  expect(cut.complete).toBe(false);
  expect(cut.sections.get('a b')?.status).toBe(3);
  expect(cut.sections.get('c')?.status).toBeNull();
});

test('a section that is said twice, ended under another name or never begun changes nothing', async () => {
  const { sections, strayLines } = await readSections([
    frame(
      '@ironlift-linux 1',
      '@begin a',
      '|1',
      '@end b 0',
      '|2',
      '@end a 0',
      '@begin a',
      '|3',
      '@end a 0',
      '@end a 0',
      '@nonsense',
      '|lost',
      '@done',
    ),
  ]);
  expect(sections.get('a')?.text).toBe('1\n2\n');
  expect(sections.size).toBe(1);
  expect(strayLines).toBe(4);
});

test('nothing before the first line of ours is read, and nothing after ten thousand sections', async () => {
  expect((await readSections([frame('@begin a', '|1', '@end a 0')])).sections.size).toBe(0);
  const many = Array.from({ length: MAX_SECTIONS + 10 }, (_, i) => `@begin s${i}\n|x\n@end s${i} 0\n`).join(
    '',
  );
  expect((await readSections([frame('@ironlift-linux 1', many)])).sections.size).toBe(MAX_SECTIONS);
});

test('300 MB in one line, and as many lines of one byte, are bounded in memory and time', () => {
  const before = process.memoryUsage().rss;
  const started = Date.now();
  const reader = new SectionReader();
  reader.push(Buffer.from('@ironlift-linux 1\n@begin big\n|'));
  const long = Buffer.alloc(1 << 20, 'x');
  for (let i = 0; i < 300; i++) reader.push(long);
  reader.push(Buffer.from('\n@end big 0\n@begin many\n'));
  const short = Buffer.from('|x\n'.repeat(1 << 18));
  for (let i = 0; i < 20; i++) reader.push(short);
  reader.push(Buffer.from('@end many 0\n@done\n'));
  const { sections, complete } = reader.finish();
  expect(complete).toBe(true);
  for (const name of ['big', 'many']) {
    expect(sections.get(name)?.truncated).toBe(true);
    expect(sections.get(name)?.text.length).toBe(MAX_SECTION_BYTES);
    expect(sections.get(name)?.status).toBe(0);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(250 << 20);
  expect(Date.now() - started).toBeLessThan(20_000);
});

test('any bytes at all are read without an error', async () => {
  const random = seeded(7);
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(SAMPLE);
    for (let i = 0; i < 8; i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const { sections } = await readSections([bytes]);
    expect(sections.size).toBeLessThan(5);
  }
});
