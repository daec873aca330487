/** Registry changes as edits of a guest: written once, undone byte for byte, or value for value where the guest wrote since. */
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../../migration-core/guest/apply.ts';
import { roomNeeded } from '../../../../migration-core/guest/apply-room.ts';
import { invertEdits, type UndoRecord } from '../../../../migration-core/guest/apply-undo.ts';
import type { EditAction, GuestEdit } from '../../../../migration-core/guest/fixer.ts';
import { GuestTree } from '../../../../migration-core/guest/tree.ts';
import type { RegistryChange } from '../../../../migration-core/guest/windows/registry-change.ts';
import { checkHive } from '../../../../migration-core/registry/check.ts';
import { exportText } from '../../../../migration-core/registry/export-text.ts';
import { openHive, type Hive } from '../../../../migration-core/registry/hive.ts';
import { dword, readDword, text } from '../../../../migration-core/registry/types.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { memoryFileSystem } from '../../../support/memory-filesystem.ts';
import { dirty, newLog } from '../../registry/build-log.ts';
import { DESCRIPTOR, emptyHive } from '../../registry/build-hive.ts';

const NOW = 1_800_000_000;
const SYSTEM = '/Windows/System32/config/SYSTEM';
const SOFTWARE = '/Windows/System32/config/SOFTWARE';

const set = (key: string, name: string, value: number): RegistryChange => {
  const [type, data] = dword(value);
  return { op: 'set', key, name, type, data };
};
const edit = (action: EditAction): GuestEdit => ({
  what: `Something is done to ${action.path}.`,
  why: 'It is needed.',
  action,
});
const registry = (path: string, ...changes: RegistryChange[]): GuestEdit =>
  edit({ kind: 'registry', path, changes });

/** A hive with a disk driver, one key of its own security and class, and room to grow. */
function systemHive(fill?: (hive: Hive) => void): Buffer {
  const hive = openHive(emptyHive());
  const driver = hive.createKey('ControlSet001\\Services\\lsi_sas');
  driver.setValue('Start', ...dword(3));
  driver.setValue('Group', ...text('SCSI Miniport'));
  const other = Buffer.from(DESCRIPTOR);
  other[30] = 9;
  const below = hive
    .createKey('ControlSet001\\Services\\vendor')
    .createSubkey('Parameters', { security: other, className: 'DynDRootClass' });
  below.setValue('', ...text('default'));
  below.createSubkey('Device').setValue('Big', 3, Buffer.alloc(20_000, 7));
  fill?.(hive);
  return Buffer.from(hive.serialise(new Date(0)));
}

interface Guest {
  fs: GuestFileSystem;
  tree: GuestTree;
  read: (path?: string) => Promise<Buffer>;
  hive: (path?: string) => Promise<Hive>;
  writes: { path: string; offset: number; length: number }[];
}

function guest(files: Record<string, Buffer>): Guest {
  const fs = memoryFileSystem(files, { type: 'ntfs' });
  const writes: Guest['writes'] = [];
  const writeRange = fs.writeRange.bind(fs);
  fs.writeRange = async (path, offset, data) => {
    writes.push({ path, offset, length: data.length });
    await writeRange(path, offset, data);
  };
  const read = async (path = SYSTEM): Promise<Buffer> => Buffer.from(await fs.readFile(path, 512 << 20));
  return {
    fs,
    tree: new GuestTree(fs, 'disk0p1'),
    read,
    hive: async (path) => openHive(await read(path)),
    writes,
  };
}

const CHANGES = [
  registry(SYSTEM, set('ControlSet001\\Services\\LSI_SAS', 'start', 0)),
  registry(SOFTWARE, set('Ironlift', 'Converted', 1)),
  registry(
    SYSTEM,
    set('ControlSet001\\Services\\vioscsi\\Parameters\\PnpInterface', '5', 1),
    { op: 'create-key', key: 'ControlSet001\\Services\\empty' },
    { op: 'delete-value', key: 'ControlSet001\\Services\\lsi_sas', name: 'Group' },
    { op: 'delete-value', key: 'ControlSet001\\Services\\lsi_sas', name: 'absent' },
    { op: 'delete-key', key: 'ControlSet001\\Services\\none' },
  ),
  registry(SYSTEM, { op: 'delete-key', key: 'ControlSet001\\Services\\vendor' }),
  registry(SYSTEM, set('ControlSet001\\Services\\lsi_sas', 'Start', 0)),
];

describe('applied', () => {
  it('opens a hive once, keeps one record for each edit, and one patch for each hive', async () => {
    const { tree, hive, writes } = guest({ [SYSTEM]: systemHive(), [SOFTWARE]: emptyHive() });
    const records = await applyEdits(tree, CHANGES, { now: NOW });
    expect(records.map(({ path }) => path)).toEqual([SYSTEM, SOFTWARE, SYSTEM, SYSTEM, SYSTEM]);
    expect(records.map(({ before }) => before.kind === 'registry' && before.patch !== undefined)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(records.map(({ before }) => before.kind === 'registry' && before.undo)).toMatchObject([
      [{ op: 'set', key: 'ControlSet001\\Services\\LSI_SAS', name: 'Start', type: 4 }],
      [
        { op: 'delete-value', key: 'Ironlift', name: 'Converted' },
        { op: 'delete-empty-key', key: 'Ironlift' },
      ],
      [
        { op: 'set', key: 'ControlSet001\\Services\\lsi_sas', name: 'Group', type: 1 },
        { op: 'delete-empty-key', key: 'ControlSet001\\Services\\empty' },
        { op: 'delete-value', key: 'ControlSet001\\Services\\vioscsi\\Parameters\\PnpInterface', name: '5' },
        { op: 'delete-empty-key', key: 'ControlSet001\\Services\\vioscsi\\Parameters\\PnpInterface' },
        { op: 'delete-empty-key', key: 'ControlSet001\\Services\\vioscsi\\Parameters' },
        { op: 'delete-empty-key', key: 'ControlSet001\\Services\\vioscsi' },
      ],
      [
        {
          op: 'restore-key',
          key: 'ControlSet001\\Services\\vendor',
          tree: {
            name: 'vendor',
            className: null,
            values: [],
            subkeys: [
              {
                name: 'Parameters',
                className: 'DynDRootClass',
                values: [{ name: '', type: 1 }],
                subkeys: [{ name: 'Device', values: [{ name: 'Big', type: 3 }], subkeys: [] }],
              },
            ],
          },
        },
      ],
      [],
    ]);
    const after = await hive();
    expect(exportText(after.root)).toMatchInlineSnapshot(`
      "Windows Registry Editor Version 5.00

      [\\]

      [\\ControlSet001]

      [\\ControlSet001\\Services]

      [\\ControlSet001\\Services\\empty]

      [\\ControlSet001\\Services\\lsi_sas]
      "Start"=dword:00000000

      [\\ControlSet001\\Services\\vioscsi]

      [\\ControlSet001\\Services\\vioscsi\\Parameters]

      [\\ControlSet001\\Services\\vioscsi\\Parameters\\PnpInterface]
      "5"=dword:00000001

      "
    `);
    expect(checkHive(after)).toEqual([]);
    // Base block and keys, not the whole file; each hive once.
    expect(writes.filter(({ path, offset }) => path === SYSTEM && offset === 4).length).toBe(1);
  });

  it('writes nothing where all is so already', async () => {
    const { tree, read, writes } = guest({ [SYSTEM]: systemHive() });
    const before = await read();
    const same = registry(
      SYSTEM,
      set('ControlSet001\\Services\\lsi_sas', 'Start', 3),
      { op: 'create-key', key: 'controlset001\\SERVICES' },
      { op: 'delete-key', key: 'x\\y' },
      { op: 'delete-key', key: '' },
      { op: 'delete-value', key: 'x', name: 'y' },
    );
    const records = await applyEdits(tree, [same], { now: NOW });
    expect(records.map((record) => record.before)).toEqual([{ kind: 'registry', undo: [] }]);
    expect(writes).toEqual([]);
    expect(await read()).toEqual(before);
    await applyEdits(tree, invertEdits(records), { now: NOW });
    expect(await read()).toEqual(before);
  });

  it('is what the plan showed, also around a change of the file itself', async () => {
    const { tree, hive, read } = guest({ [SYSTEM]: systemHive() });
    const original = await read();
    const list = [
      registry(SYSTEM, set('A', 'x', 1)),
      edit({ kind: 'rename', from: SYSTEM, path: `${SYSTEM}.sav` }),
      edit({ kind: 'write', path: SYSTEM, content: emptyHive() }),
      registry(SYSTEM, set('B', 'x', 2)),
    ];
    const records = await applyEdits(tree, list, { now: NOW });
    expect((await hive(`${SYSTEM}.sav`)).find('A')).toBeDefined();
    expect((await hive()).find('B')).toBeDefined();
    expect(invertEdits(records).map(({ action }) => action.kind)).toEqual([
      'restore-hive',
      'remove',
      'rename',
      'restore-hive',
    ]);
    await applyEdits(tree, invertEdits(records), { now: NOW + 5 });
    expect(await read()).toEqual(original);
  });

  it('refuses what is no hive, what no hive holds, and what is not there; asks for room for what is added', async () => {
    const { tree, writes, fs } = guest({ [SYSTEM]: systemHive(), '/Windows/x': Buffer.from('text') });
    const cases: [GuestEdit, object][] = [
      [registry('/Windows/absent', set('A', 'x', 1)), { code: 'EDIT_NOT_POSSIBLE' }],
      [
        registry('/Windows/x', set('A', 'x', 1)),
        {
          code: 'NOT_A_HIVE',
          message: 'This is not a registry hive of Windows NT: it does not begin with the letters regf.',
        },
      ],
      [
        registry(SYSTEM, set('A', 'x', 1), { op: 'create-key', key: 'n'.repeat(300) }),
        { code: 'NAME_NOT_ALLOWED' },
      ],
      [
        registry(SYSTEM, { op: 'set', key: 'A', name: '', type: -1, data: new Uint8Array() }),
        {
          code: 'EDIT_NOT_POSSIBLE',
          message: 'The registry hive cannot be edited: -1 is no type of a value.',
        },
      ],
    ];
    for (const [change, error] of cases)
      await expect(applyEdits(tree, [change], { now: NOW })).rejects.toMatchObject(error);
    // One change after the other of what would each have to be kept.
    const heavy: RegistryChange[] = Array.from({ length: 4 }, (_, i) => ({
      op: 'set',
      key: '',
      name: 'x',
      type: 3,
      data: new Uint8Array(22 << 20).fill(i + 1),
    }));
    await expect(applyEdits(tree, [registry(SYSTEM, ...heavy)], { now: NOW })).rejects.toMatchObject({
      code: 'EDIT_NOT_POSSIBLE',
      message: `The change "registry" of ${SYSTEM} is not possible: more than 64 MiB would have to be kept to undo it.`,
    });
    expect(writes).toEqual([]);
    const big: RegistryChange = { op: 'set', key: 'A\\B', name: 'x', type: 3, data: new Uint8Array(50_000) };
    const [need] = await roomNeeded(tree, [registry(SYSTEM, big)]);
    expect(need!.bytes).toBeGreaterThan(66_000);
    const before = fs.freeBytes;
    await applyEdits(tree, [registry(SYSTEM, big)], { now: NOW });
    expect(before - fs.freeBytes).toBeLessThanOrEqual(need!.bytes);
  });
});

describe('undone', () => {
  const undo = async (tree: GuestTree, records: readonly UndoRecord[]): Promise<string[]> =>
    (await applyEdits(tree, invertEdits(records), { now: NOW + 9 })).flatMap(({ skipped }) => skipped ?? []);

  it('byte for byte, its size too, and done again', async () => {
    const { tree, read } = guest({ [SYSTEM]: systemHive(), [SOFTWARE]: emptyHive({ padding: 777 }) });
    const before = [await read(), await read(SOFTWARE)];
    const records = await applyEdits(tree, CHANGES, { now: NOW });
    const after = [await read(), await read(SOFTWARE)];
    expect(after[0]!.length).toBeGreaterThanOrEqual(before[0]!.length);
    expect(invertEdits(records).map(({ action }) => [action.kind, action.path])).toEqual([
      ['restore-hive', SYSTEM],
      ['restore-hive', SOFTWARE],
    ]);
    const undone = await applyEdits(tree, invertEdits(records), { now: NOW + 9 });
    expect([await read(), await read(SOFTWARE)]).toEqual(before);
    expect(await undo(tree, undone)).toEqual([]);
    expect([await read(), await read(SOFTWARE)]).toEqual(after);
  });

  it('value for value in a hive that the guest has written to since', async () => {
    const { tree, fs, hive } = guest({ [SYSTEM]: systemHive(), [SOFTWARE]: emptyHive() });
    const before = exportText((await hive()).root);
    const security = (await hive()).key('ControlSet001\\Services\\vendor\\Parameters').security;
    const records = await applyEdits(tree, CHANGES, { now: NOW });
    const later = await hive();
    later.createKey('ControlSet001\\Control').setValue('Booted', ...dword(1));
    await fs.writeFile(SYSTEM, later.serialise(new Date(5)));
    expect(await undo(tree, records)).toEqual([]);
    const undone = await hive();
    const restored = undone.key('ControlSet001\\Services\\vendor\\Parameters');
    expect(restored.className).toBe('DynDRootClass');
    expect(restored.security).toEqual(security);
    undone.key('ControlSet001').removeSubkey('Control');
    expect(exportText(undone.root)).toBe(before);
    expect(checkHive(undone)).toEqual([]);
  });

  it('as far as the guest left a place for it, and says what it left', async () => {
    const { tree, fs, hive } = guest({ [SYSTEM]: systemHive(), [SOFTWARE]: emptyHive() });
    const records = await applyEdits(tree, CHANGES, { now: NOW });
    const later = await hive();
    const services = later.key('ControlSet001\\Services');
    services.createSubkey('vendor').setValue('new', ...dword(1));
    services.subkey('vioscsi')!.createSubkey('Enum');
    services.removeSubkey('lsi_sas');
    await fs.writeFile(SYSTEM, later.serialise(new Date(5)));
    expect(await undo(tree, records)).toEqual([
      'The key "ControlSet001\\Services\\vendor" is not put back, because there is one of its name again.',
      'The value "Group" is not put back, because its key "ControlSet001\\Services\\lsi_sas" is no longer there.',
      'The key "ControlSet001\\Services\\vioscsi" stays, because something was put into it since.',
      'The value "Start" is not put back, because its key "ControlSet001\\Services\\LSI_SAS" is no longer there.',
    ]);
    expect(exportText((await hive()).root)).toMatchInlineSnapshot(`
      "Windows Registry Editor Version 5.00

      [\\]

      [\\ControlSet001]

      [\\ControlSet001\\Services]

      [\\ControlSet001\\Services\\vendor]
      "new"=dword:00000001

      [\\ControlSet001\\Services\\vioscsi]

      [\\ControlSet001\\Services\\vioscsi\\Enum]

      "
    `);
  });

  it('a hive that its logs had to complete becomes dirty again, and both kinds of undo work', async () => {
    const old = systemHive();
    const newer = Buffer.from(
      (() => {
        const hive = openHive(old);
        hive.createKey('ControlSet001\\Services\\late').setValue('Big', 3, Buffer.alloc(9000, 1));
        return hive.serialise(new Date(3));
      })(),
    );
    const torn = dirty(old);
    const log = newLog([old, newer], torn.readUInt32LE(8));
    const { tree, fs, hive, read } = guest({ [SYSTEM]: torn, [`${SYSTEM}.LOG1`]: log });
    const list = [registry(SYSTEM, set('ControlSet001\\Services\\late', 'Start', 4))];
    const records = await applyEdits(tree, list, { now: NOW });
    const changed = await hive();
    expect(readDword(changed.key('ControlSet001\\Services\\late').value('Start')!)).toBe(4);
    expect(changed.recovery).toBeNull();
    expect(await undo(tree, records)).toEqual([]);
    expect(await read()).toEqual(torn);
    expect(await read(`${SYSTEM}.LOG1`)).toEqual(log);

    const again = await applyEdits(tree, list, { now: NOW });
    const later = await hive();
    later.createKey('Later');
    await fs.writeFile(SYSTEM, later.serialise(new Date(5)));
    expect(await undo(tree, again)).toEqual([]);
    const undone = await hive();
    undone.root.removeSubkey('Later');
    expect(exportText(undone.root)).toBe(exportText(openHive(newer).root));
  });

  it('refuses a patch that does not lie in the file, and takes changes back without one', async () => {
    const { tree, read, hive } = guest({ [SYSTEM]: systemHive() });
    const records = await applyEdits(tree, [registry(SYSTEM, set('A\\B', 'x', 1))], { now: NOW });
    const after = await read();
    const state = records[0]!.before;
    if (state.kind !== 'registry' || state.patch === undefined) throw new Error('no patch');
    const { patch } = state;
    const broken = [
      { ...patch, size: after.length + 1 },
      { ...patch, ranges: [{ offset: patch.size - 1, bytes: new Uint8Array(2) }] },
      { ...patch, ranges: [...patch.ranges].reverse() },
    ];
    for (const wrong of broken) {
      const list = invertEdits([{ ...records[0]!, before: { ...state, patch: wrong } }]);
      await expect(applyEdits(tree, list, { now: NOW })).rejects.toMatchObject({
        code: 'EDIT_NOT_POSSIBLE',
        message: `The change "restore-hive" of ${SYSTEM} is not possible: the record of its former bytes is damaged.`,
      });
      expect(await read()).toEqual(after);
    }
    await undo(tree, [{ ...records[0]!, before: { kind: 'registry', undo: state.undo } }]);
    expect((await hive()).find('A')).toBeUndefined();
  });
});
