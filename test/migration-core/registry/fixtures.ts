/** Real hives beside the checkout, unpacked; and what the independent readers say of a hive, as one map to be compared. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { run, tryRun } from '../../support/tools.ts';
import { sharedPath } from '../../support/shared.ts';

/** `system/regipy-SYSTEM`: the bytes of the hive. */
export function fixture(name: string): Buffer {
  const path = sharedPath(`hives/${name}`);
  if (existsSync(`${path}.EMPTY`)) return Buffer.alloc(0);
  if (existsSync(path)) return readFileSync(path);
  return execFileSync('xz', ['-dc', `${path}.xz`], { maxBuffer: 64 << 20 });
}

/** The whole export by hivexregedit, in UTF-8. */
export const hivexExport = (path: string): Promise<string> =>
  run('hivexregedit', ['--export', path, '\\'], { env: { PERL_UNICODE: 'O', LC_ALL: 'C.UTF-8' } });

/** Lines of values (in order) by the path of their key. */
export type Exported = Map<string, string[]>;

export function parseExport(text: string): Exported {
  const keys: Exported = new Map();
  for (const block of text.split('\n\n').slice(1)) {
    const [head, ...values] = block.split('\n');
    if (head === undefined || !head.startsWith('[\\')) continue;
    keys.set(head.slice(2, -1), values.filter((line) => line !== '').sort());
  }
  return keys;
}

/** What libyal's libregf reads: the package python3-libregf, for the Python of the system. */
const PYREGF = `
import pyregf, sys
regf = pyregf.file()
regf.open(sys.argv[1])
out = open(sys.argv[2], 'w', encoding='utf-8', newline='')
def esc(name):
    return name.replace('\\\\', '\\\\\\\\').replace('"', '\\\\"')
def walk(key, path):
    lines = []
    for i in range(key.get_number_of_values()):
        value = key.get_value(i)
        data = value.get_data() or b''
        label = '"%s"' % esc(value.get_name()) if value.get_name() else '@'
        if value.get_type() == 4 and len(data) == 4:
            lines.append('%s=dword:%08x' % (label, int.from_bytes(data, 'little')))
        else:
            lines.append('%s=hex(%x):%s' % (label, value.get_type(), ','.join('%02x' % b for b in data)))
    out.write('\\n[\\\\%s]\\n' % path + ''.join(line + '\\n' for line in lines))
    for i in range(key.get_number_of_sub_keys()):
        sub = key.get_sub_key(i)
        walk(sub, path + '\\\\' + sub.get_name() if path else sub.get_name())
out.write('libregf\\n')
walk(regf.get_root_key(), '')
`;

export async function libregfExport(path: string): Promise<string> {
  writeFileSync(`${path}.py`, PYREGF);
  const ran = await tryRun('/usr/bin/python3', [`${path}.py`, path, `${path}.libregf`]);
  if (ran.status !== 0) throw new Error(`libregf: ${ran.stderr}`);
  return readFileSync(`${path}.libregf`, 'utf8');
}

/**
 * What libregf can be asked for. It writes strings anew (ends added and cut off), and reads values of one to three bytes as zeros,
 * also those in Windows' own boot store: the content of both is left out, in what it says and in what is expected of it. hivex is
 * asked for them all.
 */
export function asLibregfReads(keys: Exported): Exported {
  const shown = (line: string): string =>
    line
      .replace(/=hex\([126]\):[0-9a-f,]*$/u, '=string')
      .replace(/:[0-9a-f]{2}(,[0-9a-f]{2}){0,2}$/u, ':short');
  return new Map([...keys].map(([key, lines]) => [key, lines.map(shown)]));
}
