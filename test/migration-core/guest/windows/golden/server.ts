/** A server in memory around a SYSTEM hive, open as `convert` has one open when it plans. */
import {
  OpenServer,
  type ServerDisk,
  type ServerVolume,
} from '../../../../../migration-core/convert/server.ts';
import { ExtentList } from '../../../../../migration-core/base/extents.ts';
import { guidBytes } from '../../../../../migration-core/base/guid.ts';
import { inspectGuest, type OpenVolume } from '../../../../../migration-core/guest/inspect.ts';
import { openHive } from '../../../../../migration-core/registry/hive.ts';
import { binary, readDword, readText } from '../../../../../migration-core/registry/types.ts';
import {
  portableExecutable,
  windowsVolumes,
  WINDOWS_VERSIONS,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';
import type { Keys } from '../../../../support/windows/hive-of.ts';
import { windowsTables } from '../../../../support/windows/hives.ts';
import { fixture } from '../../../registry/fixtures.ts';
import { hivexHive, hivexMerge } from './hivex-hive.ts';

export interface GoldenServer {
  /** Name of the golden file. */
  id: string;
  /** Its first line: what server this is. */
  about: string;
  version: WindowsVersionId;
  firmware: 'bios' | 'uefi';
  architecture: 'x86' | 'amd64';
  /** Fixtures, below hives/; hives that are not named are made with hivex. */
  system?: string;
  software?: string;
  /** The boot store of a BIOS Windows. */
  bootStore?: string;
  disks: number;
  /** What else is in the hive SYSTEM that is made, on the volume of Windows and on the one it starts from. */
  keys?: Keys;
  files?: Record<string, Uint8Array>;
  bootFiles?: Record<string, Uint8Array | null>;
  /** The table of drives leads to another partition. */
  wrongDrive?: true;
}

type Hives = { system: Uint8Array; software: Uint8Array };

export async function openGoldenServer(golden: GoldenServer): Promise<OpenServer> {
  const { version, firmware } = golden;
  const hives = await hivesOf(golden, identityOf(await windowsVolumes({ version, firmware })));
  const volumes = await windowsVolumes({
    version,
    firmware,
    hives,
    files: { ...filesFor(golden, hives.system), ...golden.files },
    bootFiles: {
      ...golden.bootFiles,
      ...(golden.bootStore === undefined ? {} : { '/Boot/BCD': fixture(golden.bootStore) }),
    },
  });
  const inspection = await inspectGuest(volumes);
  return new OpenServer({
    disks: Array.from({ length: golden.disks }, (_, index) => diskOf(index)),
    volumes: volumes.map(({ info, volume, fileSystem }) => ({
      info,
      fileSystem,
      volume: volume as ServerVolume['volume'],
    })),
    inspection,
    refusal: null,
    findings: inspection.findings,
    machine: null,
  });
}

/** The disk of the test is not the one that a fixture comes from: its table of drives is told where drive C: is here. */
async function hivesOf(golden: GoldenServer, drive: Uint8Array): Promise<Hives> {
  const { version, wrongDrive, keys = {} } = golden;
  const known = wrongDrive === undefined ? drive : Uint8Array.from(drive, (byte) => byte ^ 1);
  const made = windowsTables(version, { drives: { '\\DosDevices\\C:': known }, system: keys });
  return {
    system:
      golden.system === undefined
        ? await hivexHive(...made.system)
        : await hivexMerge(fixture(golden.system), {
            MountedDevices: { '\\DosDevices\\C:': binary(drive) },
          }),
    software: golden.software === undefined ? await hivexHive(...made.software) : fixture(golden.software),
  };
}

/** Of the volume of Windows, as MountedDevices has it. */
function identityOf(volumes: readonly OpenVolume[]): Uint8Array {
  const { diskId = '', offset = 0, partUuid } = volumes.find(({ info }) => info.partition === 2)!.info;
  if (diskId.includes('-')) return Buffer.concat([Buffer.from('DMIO:ID:', 'latin1'), guidBytes(partUuid)]);
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(Number.parseInt(diskId, 16), 0);
  bytes.writeBigUInt64LE(BigInt(offset), 4);
  return bytes;
}

/** XP loads these by the name of their service. */
const WITHOUT_IMAGE = ['mountmgr', 'partmgr', 'volsnap', 'pciide'];

/** The kernel, and every driver that the hive names, for the right processor. */
function filesFor(golden: GoldenServer, bytes: Uint8Array): Record<string, Uint8Array> {
  const { architecture, version } = golden;
  const { folder, nt, build } = WINDOWS_VERSIONS[version];
  const system = openHive(bytes);
  const set = readDword(system.key('Select').value('Current')!)!;
  const services = system.key(`ControlSet${String(set).padStart(3, '0')}\\Services`).subkeys();
  const old = nt.startsWith('5.');
  const release = `${nt}.${build}.0`;
  const program = portableExecutable(architecture, { version: release });
  const files: Record<string, Uint8Array> = {
    [`/${folder}/${old ? 'system32' : 'System32'}/ntoskrnl.exe`]: portableExecutable(architecture, {
      originalName: 'ntkrnlmp.exe',
      version: release,
    }),
  };
  const seen = new Set<string>();
  const put = (path: string): void => {
    // As it lies on the volume already; XP has small letters.
    const full = path.replace(/^system32/iu, old ? 'system32' : 'System32').replace(/\\/gu, '/');
    const placed = full.startsWith('/') ? full : `/${folder}/${full.replace(/\/drivers\//iu, '/drivers/')}`;
    if (seen.has(placed.toUpperCase())) return;
    seen.add(placed.toUpperCase());
    files[placed] = program;
  };
  if (old) for (const name of WITHOUT_IMAGE) put(`system32\\drivers\\${name}.sys`);
  for (const key of services) {
    const image = key.value('ImagePath');
    const text = image === undefined ? '' : (readText(image) ?? '');
    const path = text
      .replace(/^\\\?\?\\/u, '')
      .replace(/^(\\SystemRoot|%SystemRoot%)\\/iu, '')
      .replace(new RegExp(`^[a-z]:\\\\${folder}\\\\`, 'iu'), '')
      .replace(/^[a-z]:\\/iu, '/');
    if (/^[^%"*?]+\.sys$/iu.test(path)) put(path);
  }
  return files;
}

const DISK_BYTES = 40 * 2 ** 30;

function diskOf(index: number): ServerDisk {
  const description = {
    spec: `disk${index}`,
    path: `/disk${index}`,
    kind: 'device' as const,
    format: 'raw',
    size: DISK_BYTES,
    sectorSize: 512,
    physicalSectorSize: 512,
    model: '',
    serial: '',
    bus: '',
    identity: `disk${index}`,
  };
  const fingerprint = { size: DISK_BYTES, mtime: '1', inode: String(index), device: '1' };
  // Nothing is copied here: only sizes are asked for.
  return {
    source: { description, fingerprint },
    overlay: { size: DISK_BYTES, dirty: new ExtentList() },
    table: { scheme: 'none', diskId: '', partitions: [], hybrid: false, repairs: [], findings: [] },
  } as unknown as ServerDisk;
}
