/** One fixer on a whole guest: planned, applied, planned again on the result, undone. What every fixer must stand. */
import { expect } from 'vitest';
import type { FixContext, Fixer, GuestEdit } from '../../migration-core/guest/fixer.ts';
import type { Finding } from '../../migration-core/base/finding.ts';
import type { GuestFileSystem } from '../../migration-core/filesystem/filesystem.ts';
import { applyEdits } from '../../migration-core/guest/apply.ts';
import { invertEdits } from '../../migration-core/guest/apply-undo.ts';
import { planFixes } from '../../migration-core/guest/fixers.ts';
import { inspectGuest, type OpenVolume } from '../../migration-core/guest/inspect.ts';
import type { GuestTree } from '../../migration-core/guest/tree.ts';
import type { DiskBus, VirtualMachine } from '../../migration-core/target/machine.ts';
import { targetById } from '../../migration-core/target/table.ts';

export const NOW = 1_800_000_000;

export function machineWith(disks: DiskBus[]): VirtualMachine {
  return {
    name: 'vm',
    uuid: '6c4b1c5e-0000-4000-8000-000000000001',
    cpus: 2,
    memoryMiB: 2048,
    firmware: 'bios',
    architecture: 'x86_64',
    os: { id: 'debian', version: '12', name: 'Debian' },
    clock: 'utc',
    disks: disks.map((bus, unit) => ({ file: `d${unit}`, format: 'qcow2', size: 1 << 30, bus, unit })),
    nics: [],
  };
}

export async function contextFor(
  volumes: OpenVolume[],
  disks: DiskBus[] = ['virtio-blk'],
): Promise<FixContext & { tree: GuestTree }> {
  const { guest, tree } = await inspectGuest(volumes);
  const infos = volumes.map(({ info }) => info);
  return {
    guest,
    files: tree,
    tree,
    machine: machineWith(disks),
    target: targetById('kvm')!,
    volumes: infos,
  };
}

export interface Fixed {
  edits: GuestEdit[];
  findings: Finding[];
  /** The guest with the edits, before the undo. */
  text: (path: string) => string | undefined;
  paths: string[];
}

/** Plans one fixer, applies, and proves: a second round finds nothing to do, and the undo restores every byte. */
export async function fixGuest(volumes: OpenVolume[], fixer: Fixer, disks?: DiskBus[]): Promise<Fixed> {
  const context = await contextFor(volumes, disks);
  const planned = await planFixes(context, { fixers: [fixer] });
  const edits = planned.flatMap((fix) => fix.edits);
  for (const edit of edits) {
    expect(edit.what).toMatch(/^\S.{10,}\.$/s);
    expect(edit.why).toMatch(/^[A-Z].{10,}\.$/s);
  }
  const before = await snapshot(volumes);
  const records = await applyEdits(context.tree, edits, { now: NOW });
  const after = await snapshot(volumes);

  const second = await planFixes(await contextFor(volumes, disks), { fixers: [fixer] });
  expect(second.flatMap((fix) => fix.edits).map(({ what }) => what)).toEqual([]);

  await applyEdits(context.tree, invertEdits(records), { now: NOW });
  expect(await snapshot(volumes)).toEqual(before);

  const findings = planned.flatMap((fix) => fix.findings);
  const texts = new Map([...after].map(([path, { content }]) => [path, content]));
  return { edits, findings, text: (path) => texts.get(path), paths: [...texts.keys()] };
}

interface Kept {
  content: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: number | null;
  xattrs: [string, string][];
}

/** Every object of every volume, as `disk0p1:/etc/fstab` and, where it is the only one, as `/etc/fstab`. */
export async function snapshot(volumes: OpenVolume[]): Promise<Map<string, Kept>> {
  const found = new Map<string, Kept>();
  for (const { info, fileSystem } of volumes) {
    if (fileSystem === null) continue;
    const walk = async (fs: GuestFileSystem, directory: string): Promise<void> => {
      for (const { name, type } of await fs.readdir(directory)) {
        const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
        const { mode, uid, gid, mtime } = await fs.stat(path);
        const content =
          type === 'symlink'
            ? `-> ${await fs.readlink(path)}`
            : type === 'file'
              ? Buffer.from(await fs.readRange(path, 0, 16 << 20)).toString('latin1')
              : type;
        const xattrs = [...(await fs.xattrs(path))].map(([key, value]): [string, string] => [
          key,
          Buffer.from(value).toString('latin1'),
        ]);
        // The time of a directory changes with what is in it, and no undo brings that back.
        const kept = { content, mode, uid, gid, mtime: type === 'directory' ? null : mtime, xattrs };
        found.set(`${info.id}:${path}`, kept);
        if (!found.has(path)) found.set(path, kept);
        if (type === 'directory') await walk(fs, path);
      }
    };
    await walk(fileSystem, '/');
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
