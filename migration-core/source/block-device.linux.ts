/** A local disk on Linux: its node in /dev, described by /sys, refused while anything on this computer may write to it. */
import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import { fileSource, openReadOnly } from '../block/file-source.ts';
import { readSystemUse, usesOfDevice } from './in-use.ts';
import { cannotOpen, empty, namedTwice, notADisk } from './refusals.ts';
import type { OpenSourceOptions, SourceDescription, SourceDisk, SourceKind } from './source.ts';
import { deviceOfNumber, readBlockDevice, RUNNING_SYSTEM, text, type BlockDevice } from './sysfs.ts';
import { useFindings } from './use-findings.ts';

export const linuxBlockDevice: SourceKind = {
  id: 'block-device',
  async claims(spec) {
    if (process.platform !== 'linux') return false;
    return (await stat(spec).catch(() => null))?.isBlockDevice() ?? false;
  },
  open: openDevice,
};

async function openDevice(spec: string, options: OpenSourceOptions): Promise<SourceDisk> {
  const path = await realpath(spec);
  const node = await stat(path);
  const device = await wholeDisk(spec, deviceNumber(node.rdev));
  const description = describe(spec, path, device);
  const twin = options.others?.find(({ identity }) => identity === description.identity);
  if (twin !== undefined) throw namedTwice(spec, twin.spec);
  if (device.size === 0) throw empty(spec);
  const findings = await checkUse(spec, device, options.allowMounted === true);
  const files = await filesBehind(device);
  const fd = await openReadOnly(path).catch((error: unknown) => {
    const errno = systemErrorCode(error);
    if (options.helper !== undefined && (errno === 'EACCES' || errno === 'EPERM')) return null;
    throw cannotOpen(spec, errno, error);
  });
  if (fd === null) {
    const { openElevated } = await import('./elevated/open.ts');
    const opened = await openElevated(options.helper!, path, options);
    return { ...opened, description: { ...opened.description, spec }, files };
  }
  return {
    disk: fileSource(fd, path, { size: device.size, sectorSize: device.sectorSize, sparse: false }),
    description,
    fingerprint: {
      size: device.size,
      mtime: '0',
      inode: '0',
      device: device.serial === '' ? device.number : `${device.model} ${device.serial}`.trim(),
    },
    files,
    findings,
  };
}

/** A loop device shows a file as a disk (loop/backing_file in Documentation/ABI/testing/sysfs-block-loop). */
async function filesBehind({ kind, name }: BlockDevice): Promise<string[]> {
  const file = kind === 'loop' ? await text(RUNNING_SYSTEM.sys, 'block', name, 'loop', 'backing_file') : '';
  return file === '' ? [] : [file];
}

/** dev_t as glibc packs it: 12 and 20 bits of major number, 8 and 24 of minor. Node passes it on as it is. */
function deviceNumber(rdev: number): string {
  const number = BigInt(rdev);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn);
  const minor = (number & 0xffn) | ((number >> 12n) & ~0xffn & 0xffffffffn);
  return `${major}:${minor}`;
}

async function wholeDisk(spec: string, number: string): Promise<BlockDevice> {
  const found = await deviceOfNumber(number);
  const device = found === null ? null : await readBlockDevice(found.disk);
  if (found === null || device === null)
    throw new IronliftError(
      'SOURCE_NOT_FOUND',
      `${spec} is a device node, and the kernel has no disk behind it.`,
      {
        next: 'Plug the disk in again, or name one that `ironlift disks` lists.',
      },
    );
  if (found.partition !== null)
    throw notADisk(spec, 'a partition', `Name the whole disk, ${device.path}: a machine starts from a disk.`);
  if (device.kind === 'cdrom' || device.kind === 'floppy')
    throw notADisk(
      spec,
      `a ${device.kind === 'cdrom' ? 'CD drive' : 'floppy drive'}`,
      'Name a disk that `ironlift disks` lists.',
    );
  if (device.kind === 'zram' || device.kind === 'ram')
    throw notADisk(spec, 'memory of this computer', 'Name a disk that `ironlift disks` lists.');
  return device;
}

function describe(spec: string, path: string, device: BlockDevice): SourceDescription {
  const { size, sectorSize, physicalSectorSize, model, serial, bus } = device;
  return {
    spec,
    path,
    kind: 'device',
    format: 'raw',
    size,
    sectorSize,
    physicalSectorSize,
    model,
    serial,
    bus,
    identity: `device ${device.number}`,
  };
}

/** Findings where use is harmless or was accepted. @throws a refusal where something may write to the disk. */
async function checkUse(spec: string, device: BlockDevice, allowed: boolean): Promise<Finding[]> {
  const uses = await usesOfDevice(device.name, await readSystemUse());
  const writing = uses.filter((use) => use.writes);
  // Whatever holds a disk without being in any list (ZFS, a database) says so when we ask to have it alone.
  if (uses.length === 0 && (await isHeld(device.path)))
    writing.push({ kind: 'mapping', device: device.name, detail: 'another program', writes: true });
  return useFindings(spec, uses, writing, allowed);
}

async function isHeld(path: string): Promise<boolean> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_EXCL);
    await handle.close();
    return false;
  } catch (error) {
    return systemErrorCode(error) === 'EBUSY';
  }
}
