/** Registry changes at random, and what they make of a hive as another reader told of it. */
import type { RegistryChange } from '../../../../migration-core/guest/windows/registry-change.ts';
import { exportValue } from '../../../../migration-core/registry/export-text.ts';
import { seeded } from '../../../support/tools.ts';
import type { Exported } from '../../registry/fixtures.ts';
import { labelOf } from './exported.ts';

const SIZES = [0, 1, 4, 4, 5, 10, 40, 300, 2000, 16_345, 40_000];
const TYPES = [0, 1, 2, 3, 4, 4, 7, 11, 0x1234];
const NAMES = ['Start', 'plain name', 'Ümläut', 'Ключ', 'a', 'Quote"d', 'x'.repeat(120), '{4D36E97B}', '1'];

const valueName = (line: string): string => {
  const name = labelOf(line);
  return name === '@' ? '' : name.slice(1, -1).replaceAll(/\\(.)/gsu, '$1');
};

/** Changes `model`, and returns `count` changes that make the same of the hive. */
export function changesAtRandom(model: Exported, count: number, seed: number): RegistryChange[] {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const newName = (): string => `${pick(NAMES)} ${Math.floor(random() * 1000)}`;
  // Names are found in either case.
  const lettered = (path: string): string => (random() < 0.3 ? path.toUpperCase() : path);
  // Paths that a model of text tells for certain: no brackets, and none there twice in other letters.
  const upper = new Map<string, number>();
  for (const path of model.keys()) upper.set(path.toUpperCase(), (upper.get(path.toUpperCase()) ?? 0) + 1);
  let certain = [...model.keys()].filter(
    (path) => !/[[\]\n]/u.test(path) && /^[\x20-\x7e]*$/u.test(path) && upper.get(path.toUpperCase()) === 1,
  );
  const holdsLink = (path: string): boolean =>
    [...model].some(
      ([key, lines]) =>
        (key === path || key.startsWith(`${path}\\`)) &&
        lines.some((line) => line.startsWith('"SymbolicLinkValue"')),
    );
  const make = (path: string): void => {
    const names = path.split('\\');
    for (let depth = 1; depth <= names.length; depth++) {
      const key = names.slice(0, depth).join('\\');
      if (model.has(key)) continue;
      model.set(key, []);
      certain.push(key);
    }
  };
  const newPath = (): string => {
    const above = pick(certain);
    const below = random() < 0.4 ? `${newName()}\\${newName()}` : newName();
    return above === '' ? below : `${above}\\${below}`;
  };
  const set = (path: string, name: string): RegistryChange => {
    const data = Uint8Array.from({ length: pick(SIZES) }, () => random() * 256);
    const type = pick(TYPES);
    const line = exportValue({ name, type, data });
    const others = model.get(path)!.filter((other) => labelOf(other) !== labelOf(line));
    model.set(path, [...others, line].sort());
    return { op: 'set', key: path, name, type, data };
  };

  const changes: RegistryChange[] = [];
  while (changes.length < count) {
    const what = random();
    const path = pick(certain);
    const lines = model.get(path)!;
    if (what < 0.2) {
      const made = newPath();
      make(made);
      changes.push({ op: 'create-key', key: made });
    } else if (what < 0.4) {
      const made = newPath();
      make(made);
      changes.push(set(made, newName()));
    } else if (what < 0.55) {
      changes.push(set(path, random() < 0.1 ? '' : newName()));
    } else if (what < 0.75) {
      if (lines.length === 0) continue;
      changes.push({ ...set(path, valueName(pick(lines))), key: lettered(path) });
    } else if (what < 0.9) {
      if (lines.length === 0) continue;
      const line = pick(lines);
      model.set(
        path,
        lines.filter((other) => other !== line),
      );
      changes.push({ op: 'delete-value', key: lettered(path), name: valueName(line) });
    } else {
      const size = certain.filter((other) => other.startsWith(`${path}\\`)).length;
      if (path === '' || size > 300 || holdsLink(path)) continue;
      for (const other of [...model.keys()])
        if (other === path || other.startsWith(`${path}\\`)) model.delete(other);
      certain = certain.filter((other) => model.has(other));
      changes.push({ op: 'delete-key', key: lettered(path) });
    }
  }
  return changes;
}
