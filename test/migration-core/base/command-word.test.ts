import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commandWord } from '../../../migration-core/base/command-word.ts';

const PATHS = [
  '/srv/result',
  'C:\\Users\\anna\\result',
  '/home/Jürgen/Kunde-7',
  '/srv/Kunde & Söhne',
  "it's here",
  'a"b`c$(id)\nd*?~#',
  '~',
];

test('a POSIX shell takes it as one word', () => {
  for (const path of PATHS) {
    const said = execFileSync('sh', ['-c', `printf %s ${commandWord(path, 'linux')}`], { encoding: 'utf8' });
    expect(said).toBe(path);
  }
});

test('plain paths stay plain, and Windows has its own quotes', () => {
  expect(commandWord('/srv/result', 'linux')).toBe('/srv/result');
  expect(commandWord('/home/Jürgen/Kunde-7', 'linux')).toBe('/home/Jürgen/Kunde-7');
  expect(commandWord('C:\\Users\\anna\\result', 'win32')).toBe('C:\\Users\\anna\\result');
  expect(commandWord('C:\\Kunde & Söhne', 'win32')).toBe('"C:\\Kunde & Söhne"');
});
