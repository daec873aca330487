/** What every platform must be like: a new one is tested by being in the table. */
import { describe, expect, test } from 'vitest';
import { readGuid, uuidFromIdentity } from '../../../migration-core/base/guid.ts';
import { driverNeeds } from '../../../migration-core/target/drivers.ts';
import { diskIdentity, fileStem, macHash, macProblem } from '../../../migration-core/target/identity.ts';
import { DISK_BUSES, NIC_MODELS, type VirtualMachine } from '../../../migration-core/target/machine.ts';
import { targets } from '../../../migration-core/target/table.ts';
import type { Target } from '../../../migration-core/target/target.ts';
import { NETWORK_DRIVERS, STORAGE_DRIVERS } from '../../../migration-core/guest/linux/initramfs/needs.ts';
import { AWKWARD_NAMES, machine, type Shape } from './machines.ts';

const stopped = (target: Target, subject: VirtualMachine): string[] =>
  target
    .check(subject)
    .filter(({ severity }) => severity === 'blocker')
    .map(({ code }) => code);

/** A machine of the platform's first choices. */
function typical(target: Target, shape: Shape = {}): VirtualMachine {
  const bus = target.buses[0]!;
  const made = machine({ bus, nic: target.nicModels[0]!, format: target.formats[0]!, ...shape });
  if (target.place === undefined) return made;
  return {
    ...made,
    disks: made.disks.map((disk, index) => ({
      ...disk,
      ...target.place!(shape.bus ?? bus, index, made.firmware),
    })),
  };
}

describe.each(targets)('$id', (target) => {
  test('takes machines of its own first choices, BIOS and UEFI, whatever their names', () => {
    for (const firmware of ['bios', 'uefi'] as const)
      for (const name of AWKWARD_NAMES)
        expect(stopped(target, typical(target, { firmware, name }))).toEqual([]);
  });

  test('writes the same files for the same machine, with names that every system takes', () => {
    for (const name of AWKWARD_NAMES) {
      const subject = typical(target, { name, disks: 3, nics: 2 });
      const files = target.configure(subject);
      expect(target.configure(subject)).toEqual(files);
      const names = [
        ...files.map((file) => file.name),
        ...(target.packaging === undefined ? [] : [target.packaging.fileName(subject)]),
      ];
      expect(new Set(names.map((one) => one.toLowerCase())).size).toBe(names.length);
      for (const one of names) {
        expect(one).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
        expect(one).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      }
      expect(names.length).toBeGreaterThan(0);
    }
  });

  test('says how the machine is imported, and what its files are called', () => {
    const subject = typical(target);
    const steps = target.importSteps(subject);
    const main = target.packaging?.fileName(subject) ?? target.configure(subject)[0]!.name;
    expect(steps).toContain(main);
    expect(steps.endsWith('\n')).toBe(true);
    // A person reads it in a terminal or an editor of any width.
    for (const line of steps.split('\n')) expect(line.length, line).toBeLessThan(150);
  });

  test('reports everything that is impossible at once', () => {
    const subject: VirtualMachine = {
      ...typical(target, { nics: 40, disks: 1000 }),
      name: '-x',
      cpus: 5000,
      memoryMiB: 1 << 30,
      architecture: 'aarch64',
    };
    subject.nics[1]!.mac = subject.nics[0]!.mac;
    subject.nics[2]!.vlan = 5000;
    expect(stopped(target, subject)).toEqual(
      expect.arrayContaining([
        ...['TARGET_NAME', 'TARGET_ARCHITECTURE', 'TARGET_CPUS', 'TARGET_MEMORY', 'TARGET_TOO_MANY_DISKS'],
        ...['TARGET_TOO_MANY_NICS', 'TARGET_MAC_TWICE', 'TARGET_VLAN'],
      ]),
    );
    for (const { message, next } of target.check(subject)) {
      expect(message).toMatch(/^[A-Z0-9"].*\.$/);
      if (next !== undefined) expect(next).toMatch(/\.$/);
    }
  });

  test('makes MAC addresses that a card can have, the same for the same hash', () => {
    const macs = Array.from({ length: 200 }, (_, index) => target.newMac(macHash('a', String(index))));
    for (const mac of macs) {
      expect(mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      expect(macProblem(mac)).toBeNull();
    }
    expect(new Set(macs).size).toBe(200);
    expect(target.newMac(macHash('a', '7'))).toBe(macs[7]);
  });

  test('offers hardware that is known, and whose drivers go into every initramfs', () => {
    for (const bus of target.buses) {
      expect(DISK_BUSES).toContain(bus);
      for (const module of driverNeeds(bus).modules) expect(STORAGE_DRIVERS).toContain(module);
    }
    for (const model of target.nicModels) {
      expect(NIC_MODELS).toContain(model);
      for (const module of driverNeeds(model).modules)
        expect([...STORAGE_DRIVERS, ...NETWORK_DRIVERS]).toContain(module);
    }
    for (const format of Object.keys(target.subformats ?? {})) expect(target.formats).toContain(format);
  });
});

test('the identity of a disk is a valid UUID as VirtualBox prints it', () => {
  for (let index = 0; index < 100; index++) {
    const identity = diskIdentity('0f1e2d3c-4b5a-8697-8879-6a5b4c3d2e1f', index);
    const before = Uint8Array.from(identity);
    expect(readGuid(uuidFromIdentity(identity), 0)).toMatch(
      /^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/,
    );
    expect(Uint8Array.from(identity)).toEqual(before);
  }
});

test('a file stem stays the start of a file name', () => {
  expect(fileStem('../../etc/passwd')).toBe('etc-passwd');
});
