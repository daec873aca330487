/** Boot configuration stores (BCD) as bcdboot makes them: the boot manager, and the loader of one Windows. */
import { binary } from '../../../migration-core/registry/types.ts';
import { hiveOf, type Keys } from './hive-of.ts';
import { guidBytes } from './hives.ts';

/** Where a partition lies, as devices in the store and the values of MountedDevices say it. */
export type PartitionId =
  { scheme: 'gpt'; disk: string; partition: string } | { scheme: 'mbr'; signature: number; offset: number };

export const BOOT_MANAGER = '{9dea862c-5cdd-4e70-acc1-f32b344d4795}';
export const LOADER = '{71e1bc40-3c5f-11e9-8f4e-9cb6d0c5a1b2}';

export function bootStore(
  firmware: 'bios' | 'uefi',
  boot: PartitionId,
  windows: PartitionId,
  { folder = 'Windows', overrides = {} }: { folder?: string; overrides?: Keys } = {},
): Uint8Array<ArrayBuffer> {
  const manager = `Objects\\${BOOT_MANAGER}`;
  const loader = `Objects\\${LOADER}`;
  const element = (object: string, id: string, data: Keys[string]): Keys => ({
    [`${object}\\Elements\\${id}`]: data,
  });
  const ending = firmware === 'uefi' ? 'efi' : 'exe';
  return hiveOf(
    {
      Description: { KeyName: 'BCD00000000', System: 1, TreatAsSystem: 1 },
      [`${manager}\\Description`]: { Type: 0x10100002 },
      ...element(manager, '11000001', { Element: binary(device(boot)) }),
      ...element(manager, '12000004', { Element: 'Windows Boot Manager' }),
      ...(firmware === 'uefi'
        ? element(manager, '12000002', { Element: '\\EFI\\Microsoft\\Boot\\bootmgfw.efi' })
        : {}),
      ...element(manager, '23000003', { Element: LOADER }),
      ...element(manager, '24000001', { Element: [LOADER] }),
      ...element(manager, '25000004', { Element: binary(Uint8Array.of(30, 0, 0, 0, 0, 0, 0, 0)) }),
      [`${loader}\\Description`]: { Type: 0x10200003 },
      ...element(loader, '11000001', { Element: binary(device(windows)) }),
      ...element(loader, '12000002', { Element: `\\${folder}\\system32\\winload.${ending}` }),
      ...element(loader, '12000004', { Element: 'Windows' }),
      ...element(loader, '21000001', { Element: binary(device(windows)) }),
      ...element(loader, '22000002', { Element: `\\${folder}` }),
      ...element(loader, '16000009', { Element: binary(Uint8Array.of(1)) }),
    },
    overrides,
  );
}

/** 16 bytes of no meaning, u32 type (6: partition), u32 flags, u32 size, u32 0, partition, u32 0, u32 MBR, disk. */
function device(id: PartitionId): Uint8Array {
  const bytes = Buffer.alloc(88);
  bytes.writeUInt32LE(6, 16);
  bytes.writeUInt32LE(0x48, 24);
  if (id.scheme === 'gpt') {
    bytes.set(guidBytes(id.partition), 32);
    bytes.set(guidBytes(id.disk), 56);
  } else {
    bytes.writeBigUInt64LE(BigInt(id.offset), 32);
    bytes.writeUInt32LE(1, 52);
    bytes.writeUInt32LE(id.signature, 56);
  }
  return bytes;
}

/** The value of MountedDevices for a drive letter of this partition. */
export function mountedDevice(id: PartitionId): Uint8Array {
  if (id.scheme === 'gpt') return Buffer.concat([Buffer.from('DMIO:ID:', 'latin1'), guidBytes(id.partition)]);
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(id.signature, 0);
  bytes.writeBigUInt64LE(BigInt(id.offset), 4);
  return bytes;
}
