/**
 * Every fixer of Windows on hives of every generation, for every platform: the difference that hivexregedit sees is the golden file
 * beside this one, which was read line by line. They are not written by a program of the project: `IRONLIFT_PRINT_GOLDEN=1` prints
 * what a server gives, for a person to compare, judge and take over.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { driverFolder, manyBuilds } from '../../../../support/driver-folder.ts';
import { hasShared, NEEDS_SHARED } from '../../../../support/shared.ts';
import { needTools } from '../../../../support/tools.ts';
import { portableExecutable } from '../../../../support/windows-guest.ts';
import { proliant } from '../system/proliant.ts';
import { describeServer } from './describe.ts';
import type { GoldenServer } from './server.ts';

beforeAll(() => needTools('hivexregedit', 'xz'));

const REAL: readonly GoldenServer[] = [
  {
    id: 'xp-dell',
    about:
      'Windows XP SP3, 32 bits, a Dell with IDE disks, two control sets (hive bitcurator-M57-PAT-SYSTEM).',
    version: 'xp',
    firmware: 'bios',
    architecture: 'x86',
    system: 'system/bitcurator-M57-PAT-SYSTEM',
    disks: 1,
  },
  {
    id: 'xp-vmware',
    about:
      'Windows XP SP3, 32 bits, a machine of VMware with its tools (hives hackfortress-xp-system and -software).',
    version: 'xp',
    firmware: 'bios',
    architecture: 'x86',
    system: 'system/hackfortress-xp-system',
    software: 'system/hackfortress-xp-software',
    disks: 1,
  },
  {
    id: '7-vmware',
    about:
      'Windows 7 SP1, 32 bits, a machine of VMware with an LSI SAS controller (hive regipy-SYSTEM; boot store regipy-BCD, of another Windows).',
    version: '7',
    firmware: 'bios',
    architecture: 'x86',
    system: 'system/regipy-SYSTEM',
    bootStore: 'edge/regipy-BCD',
    disks: 1,
  },
  {
    id: '10-nvme',
    about: 'Windows 10 21H2, 64 bits, UEFI, started from NVMe (hive dissect.regf-SYSTEM).',
    version: '10',
    firmware: 'uefi',
    architecture: 'amd64',
    system: 'system/dissect.regf-SYSTEM',
    disks: 1,
  },
];

/** A ProLiant that was once a guest of Xen. */
const made = (
  version: '2003' | '2008' | '2008r2' | '2012' | '2012r2' | '2016' | '2022',
  firmware: 'bios' | 'uefi',
  about: string,
  more: Partial<GoldenServer> = {},
): GoldenServer => {
  const { system = {}, files = {} } = proliant(version);
  return {
    id: `${version}-${firmware}`,
    about: `${about}: a server with a RAID controller and two disks (hives made with hivex).`,
    version,
    firmware,
    architecture: version === '2003' ? 'x86' : 'amd64',
    keys: system,
    disks: 2,
    ...more,
    files: { ...(files as Record<string, Uint8Array>), ...more.files },
  };
};
const program = (originalName: string): Uint8Array => portableExecutable('x86', { originalName });

const MADE: readonly GoldenServer[] = [
  made('2003', 'bios', 'Windows Server 2003 R2, 32 bits, with the HAL for one processor', {
    files: {
      '/WINDOWS/system32/hal.dll': program('halaacpi.dll'),
      '/WINDOWS/system32/halmacpi.dll': program('halmacpi.dll'),
      '/WINDOWS/system32/ntkrnlmp.exe': program('ntkrnlmp.exe'),
    },
  }),
  made('2008', 'bios', 'Windows Server 2008 SP2, 64 bits, whose table of drives names another partition', {
    wrongDrive: true,
  }),
  made('2008r2', 'uefi', 'Windows Server 2008 R2 SP1, 64 bits, UEFI'),
  made('2012', 'bios', 'Windows Server 2012, 64 bits'),
  made('2012r2', 'uefi', 'Windows Server 2012 R2, 64 bits, UEFI, without a fallback boot loader', {
    bootFiles: { '/EFI/Boot/bootx64.efi': null },
  }),
  made('2016', 'bios', 'Windows Server 2016, 64 bits'),
  made('2022', 'uefi', 'Windows Server 2022, 64 bits, UEFI'),
];

const PRINT = process.env['IRONLIFT_PRINT_GOLDEN'] === '1';

async function expectGolden(server: GoldenServer): Promise<void> {
  const names = ['viostor', 'vioscsi', 'netkvm', 'pvscsi'];
  const text = await describeServer(server, await driverFolder(manyBuilds(names)));
  if (PRINT) process.stdout.write(`---- ${server.id}\n${text}`);
  expect(text).toBe(readFileSync(join(import.meta.dirname, `${server.id}.txt`), 'utf8'));
}

describe.skipIf(!hasShared)(`hives of real machines ${NEEDS_SHARED}`, () => {
  test.each(REAL)('$id', expectGolden);
});

describe('hives made with hivex', () => {
  test.each(MADE)('$id', expectGolden);
});
