/** Edits at random, made to a hive and to a model of it alike; the model is what the other reader said before. */
import type { Hive } from '../../../migration-core/registry/hive.ts';
import { exportValue } from '../../../migration-core/registry/export-text.ts';
import { seeded } from '../../support/tools.ts';
import type { Exported } from './fixtures.ts';

const SIZES = [0, 1, 4, 4, 4, 5, 10, 40, 100, 300, 2000, 5000, 16344, 16345, 20_000, 70_000];
const TYPES = [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 0x1234];
const NAMES = [
  'Start',
  'plain name',
  'Ümläut',
  'Ключ',
  '日本',
  'a',
  'Quote"d',
  'x'.repeat(120),
  '{4D36E97B-E325}',
  '1',
];

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('\\')));
const nameOf = (path: string): string => path.slice(path.lastIndexOf('\\') + 1);
const below = (path: string, name: string): string => (path === '' ? name : `${path}\\${name}`);

export function editAtRandom(hive: Hive, model: Exported, count: number, seed: number): void {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const newName = (): string => `${pick(NAMES)} ${Math.floor(random() * 1000)}`;
  // Paths that a model of text tells for certain: no brackets, and none there twice in other letters.
  const paths = [...model.keys()].filter((path) => !/[[\]\n]/u.test(path));
  const upper = new Map<string, number>();
  for (const path of model.keys()) upper.set(path.toUpperCase(), (upper.get(path.toUpperCase()) ?? 0) + 1);
  let certain = paths.filter((path) => upper.get(path.toUpperCase()) === 1);

  const data = (): Buffer => {
    const bytes = Buffer.alloc(pick(SIZES));
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
    return bytes;
  };
  const lineName = (line: string): string => /^(@|"(?:[^"\\]|\\.)*")=/su.exec(line)![1]!;
  const setValue = (path: string, name: string): void => {
    const value = { name, type: pick(TYPES), data: data() };
    hive.key(path).setValue(name, value.type, value.data);
    const line = exportValue(value);
    const lines = model.get(path)!.filter((other) => lineName(other) !== lineName(line));
    model.set(path, [...lines, line].sort());
  };

  for (let i = 0; i < count; i++) {
    const path = pick(certain);
    const what = random();
    if (what < 0.35) {
      const name = newName();
      const made = below(path, name);
      if (model.has(made)) continue;
      hive.key(path).createSubkey(name);
      model.set(made, []);
      certain.push(made);
      if (random() < 0.7) setValue(made, newName());
    } else if (what < 0.6) {
      setValue(path, random() < 0.1 ? '' : newName());
    } else if (what < 0.75) {
      // A value that is there gets another content.
      const lines = model.get(path)!;
      if (lines.length === 0) continue;
      const label = lineName(pick(lines));
      setValue(path, label === '@' ? '' : label.slice(1, -1).replaceAll(/\\(.)/gsu, '$1'));
    } else if (what < 0.88) {
      const lines = model.get(path)!;
      if (lines.length === 0) continue;
      const line = pick(lines);
      const label = lineName(line);
      hive.key(path).removeValue(label === '@' ? '' : label.slice(1, -1).replaceAll(/\\(.)/gsu, '$1'));
      model.set(
        path,
        lines.filter((other) => other !== line),
      );
    } else {
      const size = certain.filter((other) => other.startsWith(`${path}\\`)).length;
      if (path === '' || size > 300) continue;
      hive.key(parentOf(path)).removeSubkey(nameOf(path).toLowerCase());
      for (const other of [...model.keys()])
        if (other === path || other.startsWith(`${path}\\`)) model.delete(other);
      certain = certain.filter((other) => model.has(other));
    }
  }
}
