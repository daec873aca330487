/** Real hives, read by us and by hivex and libregf; edited by us and judged by them; edited by hivex and read by us. */
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkHive } from '../../../migration-core/registry/check.ts';
import { exportText } from '../../../migration-core/registry/export-text.ts';
import { openHive } from '../../../migration-core/registry/hive.ts';
import { upperUnit } from '../../../migration-core/registry/names.ts';
import { dword, text } from '../../../migration-core/registry/types.ts';
import { needTools, run, scratchFolder } from '../../support/tools.ts';
import { hasShared, NEEDS_SHARED } from '../../support/shared.ts';
import { emptyHive } from './build-hive.ts';
import { fixture, hivexExport, libregfExport, parseExport, asLibregfReads } from './fixtures.ts';
import { editAtRandom } from './random-edits.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
needTools('hivexregedit', 'hivexsh', 'hivexml', 'xz', 'mkntfs', 'ntfscat');

const SOUND = [
  'system/bitcurator-M57-PAT-SYSTEM',
  'system/regipy-SYSTEM',
  'system/dissect.regf-SYSTEM',
  'system/hackfortress-xp-system',
  'system/hackfortress-xp-software',
  'edge/hivex-minimal',
  'edge/hivex-special',
  'edge/nt-hive-testhive',
  'edge/regipy-BCD',
  'edge/yarp-BigDataHive',
  'edge/yarp-DuplicateSubkeysHive',
  'edge/yarp-InvalidParentHive',
  'edge/yarp-ManySubkeysHive',
  'edge/yarp-StringValuesHive',
  'edge/yarp-UnicodeHive',
  'dirty/yarp-NewDirtyHive1.RecoveredHive_Windows10',
  'dirty/yarp-OldDirtyHive.RecoveredHive_Windows7',
];

describe.skipIf(!hasShared)(`real hives ${NEEDS_SHARED}`, () => {
  it.each(SOUND)('%s is read key by key as hivex reads it, and written as it was', async (name) => {
    const bytes = fixture(name);
    const path = join(await scratchFolder(), 'hive');
    writeFileSync(path, bytes);
    const hive = openHive(bytes);
    let theirs = await hivexExport(path);
    // This key names another parent than the one that lists it; hivex makes paths of parents, we of lists.
    if (name.includes('InvalidParent'))
      theirs = theirs.replace('[\\4900]', '[\\key_with_many_subkeys\\4900]');
    expect(Buffer.compare(Buffer.from(exportText(hive.root)), Buffer.from(theirs))).toBe(0);
    expect(Buffer.compare(hive.serialise(NOW), bytes)).toBe(0);
    // "longest" is what Windows itself leaves wrong in keys it renames.
    const tolerated = name.includes('Duplicate')
      ? 'order'
      : name.includes('InvalidParent')
        ? 'parent'
        : 'longest';
    const problems = checkHive(hive).filter(({ kind }) => kind !== 'lost' && kind !== tolerated);
    expect(problems).toEqual([]);
  });

  it.each([
    ['edge/dfwinreg-win9x-USER.DAT', 'NOT_A_HIVE', 'it is a registry file of Windows 95, 98 or Me (CREG).'],
    ['edge/yarp-TruncatedHiveBin', 'NOT_A_HIVE', 'it begins with a hive bin, and its base block is missing.'],
    [
      'edge/yarp-GarbageHive',
      'HIVE_DAMAGED',
      'the checksum of its base block is wrong, and there is no transaction log to complete it.',
    ],
    [
      'edge/yarp-EffectiveSizeHive',
      'HIVE_DAMAGED',
      'the checksum of its base block is wrong, and there is no transaction log to complete it.',
    ],
    ['edge/yarp-BadListHive', 'HIVE_DAMAGED', 'the key "3\\subkey" is a subkey of two keys.'],
  ])('%s is refused', (name, code, end) => {
    let refusal: unknown;
    try {
      exportText(openHive(fixture(name)).root);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code });
    expect((refusal as Error).message.endsWith(end)).toBe(true);
  });

  it.each([
    ['system/bitcurator-M57-PAT-SYSTEM', 500],
    ['edge/regipy-BCD', 400],
    ['edge/nt-hive-testhive', 400],
    ['edge/yarp-ManySubkeysHive', 400],
    ['dirty/yarp-NewDirtyHive1.RecoveredHive_Windows10', 300],
  ])('%s after hundreds of edits is what hivex and libregf read', async (name, count) => {
    const bytes = fixture(name);
    const path = join(await scratchFolder(), 'hive');
    writeFileSync(path, bytes);
    const model = parseExport(await hivexExport(path));
    const hive = openHive(bytes);
    const lost = checkHive(hive).filter(({ kind }) => kind === 'lost').length;
    editAtRandom(hive, model, count, 4711);
    const written = hive.serialise(NOW);
    writeFileSync(path, written);
    // Compared as text of one kind, since a difference of a million lines is of no use to anybody.
    const flat = (keys: Map<string, string[]>): string =>
      [...keys]
        .map(([key, values]) => `${key}\n${values.join('\n')}\n`)
        .sort()
        .join('\n');
    const expected = flat(model);
    expect(firstDifference(flat(parseExport(await hivexExport(path))), expected)).toBeNull();
    expect(firstDifference(flat(parseExport(exportText(openHive(written).root))), expected)).toBeNull();
    const libregf = asLibregfReads(parseExport(await libregfExport(path)));
    expect(firstDifference(flat(libregf), flat(asLibregfReads(model)))).toBeNull();
    const problems = checkHive(openHive(written)).filter(({ kind }) => kind !== 'longest');
    // A security cell that only lost keys name is kept, and counted as theirs.
    expect(problems.filter(({ kind }) => kind !== 'lost' && !(kind === 'security' && lost > 0))).toEqual([]);
    expect(problems.filter(({ kind }) => kind === 'lost').length).toBe(lost);
  });
});

/** Null, or both texts around the first character in which they differ. */
function firstDifference(a: string, b: string): [string, string] | null {
  if (a === b) return null;
  let at = 0;
  while (a[at] === b[at]) at++;
  return [a.slice(Math.max(0, at - 80), at + 80), b.slice(Math.max(0, at - 80), at + 80)];
}

describe('hives of hivex', () => {
  it('are read by us, and what we wrote is edited by hivex', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'hive');
    const ours = openHive(emptyHive());
    for (let i = 0; i < 5000; i++)
      ours
        .createKey('ours\\many')
        .createSubkey(`key ${i}`)
        .setValue('n', ...dword(i));
    ours.key('ours').setValue('big', 3, Buffer.alloc(70_000, 7));
    ours.key('ours').setValue('sz', ...text('text'));
    writeFileSync(path, ours.serialise(NOW));
    const edits = join(folder, 'edits.reg');
    const hex = (value: string): string =>
      Buffer.from(value, 'utf16le')
        .toString('hex')
        .replaceAll(/(..)(?=.)/gu, '$1,');
    writeFileSync(
      edits,
      [
        'Windows Registry Editor Version 5.00',
        '',
        '[\\theirs]',
        `"sz"=hex(1):${hex('größer\0')}`,
        '"dword"=dword:0000002a',
        '',
        '[\\theirs\\below]',
        `@=hex(3):${Buffer.alloc(30_000, 5)
          .toString('hex')
          .replaceAll(/(..)(?=.)/gu, '$1,')}`,
        '',
        '[\\ours\\many\\key 17]',
        '"n"=dword:11111111',
        '"m"=hex(7):61,00,00,00,00,00',
        '',
        '[-\\ours\\many\\key 18]',
        '',
        ...Array.from({ length: 40 }, (_, i) => `[\\theirs\\k${i}]\n"v"=dword:0000000${i % 10}\n`),
      ].join('\n'),
    );
    await run('hivexregedit', ['--merge', path, edits]);
    const bytes = readFileSync(path);
    const hive = openHive(bytes);
    expect(exportText(hive.root)).toBe(await hivexExport(path));
    expect([hive.key('theirs').subkeyCount, hive.key('ours\\many').subkeyCount]).toEqual([41, 4999]);
    expect(hive.key('theirs\\below').value('')!.data.length).toBe(30_000);
    // And edited by us once more; hivexml and hivexsh read it.
    hive.key('theirs').setValue('again', ...text('<&>'));
    hive.key('theirs').removeSubkey('k7');
    hive.key('theirs\\below').setValue('', 3, Buffer.alloc(20_000, 1));
    writeFileSync(path, hive.serialise(NOW));
    expect(exportText(openHive(readFileSync(path)).root)).toBe(await hivexExport(path));
    // It opens its output by name, which a socket does not allow.
    expect(await run('sh', ['-c', 'hivexml "$1" | cat', 'sh', path])).toContain('&lt;&amp;&gt;');
    expect(await run('hivexsh', [path], { input: 'cd theirs\nlsval dword\n' })).toBe('42\n');
    expect(checkHive(openHive(readFileSync(path))).filter(({ kind }) => kind === 'damage')).toEqual([]);
  });

  it('are compared by the capitals of Windows, as mkntfs writes them to a volume', async () => {
    const folder = await scratchFolder();
    const volume = join(folder, 'volume');
    writeFileSync(volume, Buffer.alloc(2 << 20));
    await run('mkntfs', ['-q', '-F', volume]);
    await run('sh', ['-c', `ntfscat -f "$1" '$UpCase' > "$1.upcase"`, 'sh', volume]);
    const table = readFileSync(`${volume}.upcase`);
    expect(table.length).toBe(131072);
    for (let unit = 0; unit < 65536; unit++)
      if (table.readUInt16LE(unit * 2) !== upperUnit(unit))
        expect([unit, upperUnit(unit)]).toEqual([unit, table.readUInt16LE(unit * 2)]);
  });
});
