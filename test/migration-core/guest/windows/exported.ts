/** What registry changes make of a hive, told of its export by another program. */
import type { RegistryChange } from '../../../../migration-core/guest/windows/registry-change.ts';
import { exportValue } from '../../../../migration-core/registry/export-text.ts';
import type { Exported } from '../../registry/fixtures.ts';

/** The label of a value's line: `@`, or its name in quotes. */
export const labelOf = (line: string): string => /^(@|"(?:[^"\\]|\\.)*")=/su.exec(line)![1]!;
/** Names are found in either case. ASCII only here. */
const same = (a: string, b: string): boolean => a.toUpperCase() === b.toUpperCase();

/** The export with the changes, as lines of text: made without the code that makes them in a hive. */
export function withChanges(exported: Exported, changes: readonly RegistryChange[]): Exported {
  const model: Exported = new Map([...exported].map(([key, lines]) => [key, [...lines]]));
  const letters = new Map([...model.keys()].map((key) => [key.toUpperCase(), key]));
  const make = (path: string): string => {
    let at = '';
    for (const name of path.split('\\')) {
      const wanted = at === '' ? name : `${at}\\${name}`;
      const there = letters.get(wanted.toUpperCase());
      at = there ?? wanted;
      if (there !== undefined) continue;
      letters.set(wanted.toUpperCase(), wanted);
      model.set(wanted, []);
    }
    return at;
  };
  for (const change of changes) {
    const key = letters.get(change.key.toUpperCase());
    switch (change.op) {
      case 'create-key':
        make(change.key);
        break;
      case 'set': {
        const at = make(change.key);
        const lines = model.get(at)!;
        const wanted = exportValue(change);
        const old = lines.find((line) => same(labelOf(line), labelOf(wanted)));
        // A value that is there keeps the letters of its name.
        const line = old === undefined ? wanted : labelOf(old) + wanted.slice(labelOf(wanted).length);
        model.set(at, [...lines.filter((other) => other !== old), line].sort());
        break;
      }
      case 'delete-value': {
        if (key === undefined) break;
        const gone = exportValue({ name: change.name, type: 3, data: new Uint8Array(0) });
        model.set(
          key,
          model.get(key)!.filter((line) => !same(labelOf(line), labelOf(gone))),
        );
        break;
      }
      case 'delete-key':
        if (key === undefined) break;
        for (const other of [...model.keys()])
          if (other === key || other.startsWith(`${key}\\`)) {
            model.delete(other);
            letters.delete(other.toUpperCase());
          }
    }
  }
  return model;
}
