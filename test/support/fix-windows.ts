/** One fixer on a whole Windows: planned, applied, planned again on the result, undone. What every fixer must stand. */
import { expect } from 'vitest';
import type { Finding } from '../../migration-core/base/finding.ts';
import { applyEdits } from '../../migration-core/guest/apply.ts';
import { invertEdits } from '../../migration-core/guest/apply-undo.ts';
import type { FixContext, Fixer, GuestEdit } from '../../migration-core/guest/fixer.ts';
import { planFixes } from '../../migration-core/guest/fixers.ts';
import { inspectGuest, type OpenVolume } from '../../migration-core/guest/inspect.ts';
import { StagedGuest } from '../../migration-core/guest/stage.ts';
import type { GuestTree } from '../../migration-core/guest/tree.ts';
import type { DriverPackage } from '../../migration-core/guest/windows/driver-package.ts';
import { openGuestHive } from '../../migration-core/guest/windows/guest-hive.ts';
import type { Hive } from '../../migration-core/registry/hive.ts';
import type { DiskBus, VirtualNic } from '../../migration-core/target/machine.ts';
import { targetById } from '../../migration-core/target/table.ts';
import { NOW, machineWith, snapshot } from './fix-guest.ts';

export interface WindowsContextOptions {
  /** `kvm` unless told. */
  target?: string;
  /** One disk on each; the disk of Windows first. `virtio-blk` unless told. */
  buses?: DiskBus[];
  nics?: VirtualNic[];
  drivers?: readonly DriverPackage[];
}

export type WindowsContext = FixContext & {
  tree: GuestTree;
  /** With the registry of the guest as it is. */
  hives: NonNullable<FixContext['hives']>;
};

export async function windowsContext(
  volumes: OpenVolume[],
  { target = 'kvm', buses = ['virtio-blk'], nics = [], drivers = [] }: WindowsContextOptions = {},
): Promise<WindowsContext> {
  const { guest, tree } = await inspectGuest(volumes);
  const { firmware, architecture, os } = guest;
  return {
    guest,
    files: tree,
    tree,
    hives: new StagedGuest(tree),
    machine: { ...machineWith(buses), firmware, architecture, os, clock: 'localtime', nics },
    target: targetById(target)!,
    volumes: volumes.map(({ info }) => info),
    drivers,
  };
}

export interface FixedWindows {
  edits: GuestEdit[];
  findings: Finding[];
  /** Files before and after, by path: `/Windows/...`, and `disk0p1:/...` for other volumes. */
  before: Map<string, string>;
  after: Map<string, string>;
  /** The hive at a guest path with the edits, before the undo. */
  hive: (path: string) => Hive;
}

/** Plans fixers, applies, and proves: a second round finds nothing to do, and the undo restores every byte. */
export async function fixWindows(
  volumes: OpenVolume[],
  fixers: Fixer | readonly Fixer[],
  options: WindowsContextOptions = {},
): Promise<FixedWindows> {
  const chosen = Array.isArray(fixers) ? (fixers as readonly Fixer[]) : [fixers as Fixer];
  const context = await windowsContext(volumes, options);
  const planned = await planFixes(context, { fixers: chosen });
  const edits = planned.flatMap((fix) => fix.edits);
  for (const edit of edits) {
    expect(edit.what).toMatch(/^\S.{10,}\.$/su);
    expect(edit.why).toMatch(/^[A-Z].{10,}\.$/su);
  }
  const before = await snapshot(volumes);
  const records = await applyEdits(context.tree, edits, { now: NOW });
  const after = await snapshot(volumes);
  const hives = new Map<string, Hive>();
  for (const { action } of edits)
    if (action.kind === 'registry' && !hives.has(action.path))
      hives.set(action.path, await openGuestHive(context.tree, action.path));

  const second = await planFixes(await windowsContext(volumes, options), { fixers: chosen });
  expect(second.flatMap((fix) => fix.edits).map(({ what }) => what)).toEqual([]);

  await applyEdits(context.tree, invertEdits(records), { now: NOW });
  expect(await snapshot(volumes)).toEqual(before);

  const contents = (kept: Awaited<ReturnType<typeof snapshot>>): Map<string, string> =>
    new Map([...kept].map(([path, { content }]) => [path, content]));
  return {
    edits,
    findings: planned.flatMap((fix) => fix.findings),
    before: contents(before),
    after: contents(after),
    hive: (path) => {
      const hive = hives.get(path);
      if (hive === undefined) throw new Error(`no edit changed the hive ${path}`);
      return hive;
    },
  };
}
