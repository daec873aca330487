/** One fixer on a small guest in memory: what it changes, and that a second plan on the result changes nothing. */
import { expect } from 'vitest';
import { planFixes, type PlannedFix } from '../../migration-core/guest/fixers.ts';
import type { FixContext, Fixer, GuestReader } from '../../migration-core/guest/fixer.ts';
import type { Guest } from '../../migration-core/guest/guest.ts';
import { findAgents } from '../../migration-core/guest/linux/agents.ts';
import { readInterfaces } from '../../migration-core/guest/linux/network/read.ts';
import { StagedGuest } from '../../migration-core/guest/stage.ts';
import { GuestTree } from '../../migration-core/guest/tree.ts';
import type { DiskBus, NicModel, VirtualMachine } from '../../migration-core/target/machine.ts';
import { kvm } from '../../migration-core/target/kvm.ts';
import { vmwareWorkstation } from '../../migration-core/target/vmware-workstation.ts';
import { memoryFileSystem } from './memory-filesystem.ts';
import type { Tree } from './linux-guests.ts';

export interface FixWorld {
  /** Cards of the machine, in order: the interface each stands for and its address. */
  nics?: { name: string | null; mac: string }[];
  guest?: Partial<Guest>;
  target?: 'kvm' | 'vmware-workstation';
  bus?: DiskBus;
  nicModel?: NicModel;
}

export function treeOf(files: Tree): GuestTree {
  return new GuestTree(memoryFileSystem(files), 'disk0p1');
}

export async function contextOf(files: GuestReader, world: FixWorld = {}): Promise<FixContext> {
  const guest: Guest = {
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12', family: 'debian' },
    architecture: 'x86_64',
    hostName: 'web01',
    machineId: '',
    firmware: 'bios',
    init: 'systemd',
    mergedUsr: true,
    mounts: [],
    fstab: [],
    kernels: [],
    bootLoaders: [],
    interfaces: await readInterfaces(files),
    agents: await findAgents(files),
    selinux: 'absent',
    findings: [],
    ...world.guest,
  };
  const machine: VirtualMachine = {
    name: 'web01',
    uuid: '00000000-0000-4000-8000-000000000001',
    cpus: 1,
    memoryMiB: 1024,
    firmware: 'bios',
    architecture: 'x86_64',
    os: guest.os,
    clock: 'utc',
    disks: [
      { file: 'web01-disk0.qcow2', format: 'qcow2', size: 8 << 30, bus: world.bus ?? 'virtio-blk', unit: 0 },
    ],
    nics: (world.nics ?? []).map(({ name, mac }) => ({
      model: world.nicModel ?? 'virtio-net',
      mac,
      guestName: name,
      mode: 'isolated' as const,
      network: null,
      vlan: null,
    })),
  };
  const target = world.target === 'vmware-workstation' ? vmwareWorkstation : kvm;
  return { guest, files, machine, target, volumes: [] };
}

export interface Fixed {
  /** The guest afterwards. */
  after: GuestReader;
  planned: PlannedFix[];
  /** `write /etc/x`, in order. */
  changes: string[];
  /** Codes of all findings. */
  findings: string[];
}

export async function fix(fixers: Fixer | Fixer[], files: Tree, world: FixWorld = {}): Promise<Fixed> {
  const before = treeOf(files);
  const context = await contextOf(before, world);
  const all = { fixers: Array.isArray(fixers) ? fixers : [fixers] };
  const planned = await planFixes(context, all);
  const after = new StagedGuest(before);
  for (const { edits } of planned)
    for (const { action, what, why } of edits) {
      await after.stage(action);
      for (const sentence of [what, why]) expect(sentence).toMatch(/^\S.*\.$/);
    }
  // Inspected and planned again, as a conversion of the converted guest would be.
  const second = await planFixes(await contextOf(after, world), all);
  expect(second.flatMap(({ edits }) => edits.map(({ action }) => `${action.kind} ${action.path}`))).toEqual(
    [],
  );
  return {
    after,
    planned,
    changes: planned.flatMap(({ edits }) => edits.map(({ action }) => `${action.kind} ${action.path}`)),
    findings: planned.flatMap((part) => part.findings.map(({ code }) => code)),
  };
}
