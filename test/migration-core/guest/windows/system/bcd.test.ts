import { describe, expect, it } from 'vitest';
import {
  BOOT_MANAGER,
  ELEMENT,
  defaultLoader,
  elementData,
  elementText,
  readBootDevice,
} from '../../../../../migration-core/guest/windows/system/bcd.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { hasShared, NEEDS_SHARED } from '../../../../support/shared.ts';
import { fixture } from '../../../registry/fixtures.ts';

/** Options, then type, flags, size and padding of the descriptor, then `rest`. */
const device = (type: number, rest: string, size = 16 + rest.length / 2): Uint8Array => {
  const bytes = Buffer.alloc(32 + rest.length / 2);
  bytes.writeUInt32LE(type, 16);
  bytes.writeUInt32LE(size, 24);
  Buffer.from(rest, 'hex').copy(bytes, 32);
  return bytes;
};
const MBR = `00007e0000000000${'00'.repeat(8)}000000000100000050d350d3${'00'.repeat(28)}`;

describe('devices of a boot store', () => {
  it('are partitions by the start and the signature of an MBR disk', () => {
    expect(readBootDevice(device(6, MBR))).toEqual({ kind: 'mbr', offset: 0x7e0000, disk: 'd350d350' });
  });

  it('are found anew by the boot manager, or are not judged', () => {
    expect(readBootDevice(device(5, '00'.repeat(56)))).toEqual({ kind: 'boot' });
    expect(readBootDevice(device(8, '00'.repeat(56)))).toEqual({ kind: 'locate' });
    for (const type of [0, 1, 2, 3, 4, 7, 9, 0xffffffff])
      expect(readBootDevice(device(type, MBR))).toEqual({ kind: 'other' });
  });

  it('that do not fit their own lengths are not judged', () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(31),
      new Uint8Array(5000),
      device(6, MBR, 8),
      device(6, MBR, 1000),
      device(6, MBR.slice(0, 40)),
      device(6, `${'00'.repeat(16)}0100000001000000${'00'.repeat(32)}`),
      device(6, `${'00'.repeat(16)}0000000002000000${'00'.repeat(32)}`),
      device(6, `${'ff'.repeat(16)}0000000001000000${'00'.repeat(32)}`),
    ])
      expect(readBootDevice(bytes)).toEqual({ kind: 'other' });
  });
});

describe.skipIf(!hasShared)(`the store of a real Windows 10 ${NEEDS_SHARED}`, () => {
  const store = hasShared ? openHive(fixture('edge/regipy-BCD')) : null!;
  const deviceOf = (object: string, element: string) => {
    const data = elementData(store, object, element);
    return data === null ? null : readBootDevice(data);
  };

  it('names its default loader, on a GPT disk under UEFI', () => {
    const loader = defaultLoader(store)!;
    expect(loader).toBe('{733b62e5-f608-11eb-825c-c112f60133ab}');
    expect(elementText(store, loader, ELEMENT.path)).toBe('\\Windows\\system32\\winload.efi');
    const disk = '0b2394a9-095e-487d-8d48-719ecd4d78ca';
    // Read off the export of hivexregedit: 38 2c 0f 8e ea e4 ba 47 b7 fc 9d 8c 74 dc cf 0b.
    const windows = { kind: 'gpt', partition: '8e0f2c38-e4ea-47ba-b7fc-9d8c74dccf0b', disk };
    expect(deviceOf(loader, ELEMENT.device)).toEqual(windows);
    expect(deviceOf(loader, ELEMENT.osDevice)).toEqual(windows);
    expect(deviceOf(BOOT_MANAGER, ELEMENT.device)).toEqual({
      kind: 'gpt',
      partition: '36be3955-63bf-4068-a6ab-00195cca3a22',
      disk,
    });
    expect(elementData(store, loader, ELEMENT.recoveryEnabled)).toEqual(Uint8Array.of(1));
    expect(elementData(store, loader, ELEMENT.bootStatusPolicy)).toBeNull();
  });

  it('has a recovery system in a RAM disk, which is not judged', () => {
    expect(deviceOf('{733b62e6-f608-11eb-825c-c112f60133ab}', ELEMENT.device)).toEqual({ kind: 'other' });
  });
});
