import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
/** The rooms of migration-core from the ground up: a room imports from its own row and from rows above it in this list. */
const ROOMS = [
  ['base'],
  ['block'],
  ['image', 'volume'],
  ['filesystem', 'registry'],
  ['guest', 'source', 'target'],
  ['convert'],
  ['store'],
  ['collect'],
  ['assess'],
  ['plan'],
  ['chart'],
  ['report'],
  ['contract'],
  ['service'],
  ['cli'],
];

const sources = readdirSync(join(ROOT, 'migration-core'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('migration-core', name));

const imports = sources.flatMap((file) =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(?<!\.)\b(?:from|import)\s*\(?\s*'([@.\w][^'\s]*)'/gu)].map(
    (match) => ({
      file,
      specifier: match[1]!,
    }),
  ),
);

const roomOf = (file: string): string => file.split('/')[1]!;
const levelOf = (room: string): number => ROOMS.findIndex((row) => row.includes(room));

describe('the house', () => {
  it('has only rooms of the plan', () => {
    for (const file of sources) expect(levelOf(roomOf(file)), file).toBeGreaterThanOrEqual(0);
    expect(sources.length).toBeGreaterThan(20);
  });

  it('imports downwards only, and files by their whole name', () => {
    const upwards = imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ file, specifier }) => ({
        file,
        target: relative(ROOT, resolve(ROOT, dirname(file), specifier)),
      }))
      .filter(({ target }) => target.startsWith('migration-core/'))
      .filter(({ file, target }) => levelOf(roomOf(target)) > levelOf(roomOf(file)));
    expect(upwards).toEqual([]);
    expect(
      imports.filter(({ specifier }) => specifier.startsWith('.') && !/\.(ts|json)$/u.test(specifier)),
    ).toEqual([]);
  });

  it('keeps native and third-party packages where they belong', () => {
    const allowed: Record<string, string[]> = {
      'better-sqlite3': ['store'],
      systeminformation: ['collect'],
      ssh2: ['collect'],
      'read-excel-file/node': ['collect'],
      fflate: ['report'],
      zod: [
        'guest',
        'source',
        'convert',
        'contract',
        'collect',
        'store',
        'assess',
        'plan',
        'report',
        'service',
      ],
      koffi: ['block', 'source'],
      saxes: ['source', 'collect'],
      'hyparquet-writer': ['assess'],
    };
    const strangers = imports.filter(({ file, specifier }) => {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) return false;
      return !(allowed[specifier] ?? []).includes(roomOf(file));
    });
    expect(strangers).toEqual([]);
  });

  it('has no file that nobody can read in one sitting', () => {
    const long = sources
      .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 500);
    expect(long).toEqual([]);
  });
});
