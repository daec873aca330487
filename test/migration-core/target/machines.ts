/** Machines of many shapes for the tests of targets. */
import type {
  DiskBus,
  NicModel,
  VirtualMachine,
  VirtualNic,
} from '../../../migration-core/target/machine.ts';

/** Names that file formats trip over: XML, .vmx, shells, file systems. */
export const AWKWARD_NAMES = [
  'web01',
  'a <b> & "c" \'d\'',
  ']]> <!-- name --> &amp;',
  'Größe – Ελλάδα 日本',
  'pipe | hash # backtick ` dollar $HOME',
  'con',
  'with, comma = and; semicolon',
  'x'.repeat(80),
];

export interface Shape {
  name?: string;
  firmware?: 'bios' | 'uefi';
  bus?: DiskBus;
  disks?: number;
  nic?: NicModel;
  nics?: number;
  format?: string;
  mode?: VirtualNic['mode'];
  network?: string | null;
  vlan?: number | null;
}

export function machine(shape: Shape = {}): VirtualMachine {
  const {
    name = 'web01',
    firmware = 'bios',
    bus = 'virtio-blk',
    disks = 1,
    nic = 'virtio-net',
    nics = 1,
  } = shape;
  const { format = 'qcow2', mode = 'isolated', network = null, vlan = null } = shape;
  return {
    name,
    uuid: '0f1e2d3c-4b5a-8697-8879-6a5b4c3d2e1f',
    cpus: 2,
    memoryMiB: 2048,
    firmware,
    architecture: 'x86_64',
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' },
    clock: 'utc',
    disks: Array.from({ length: disks }, (_, unit) => ({
      file: `web01-disk${unit}.${format}`,
      format,
      size: 1 << 30,
      bus,
      unit,
    })),
    nics: Array.from({ length: nics }, (_, index) => ({
      model: nic,
      mac: `3c:52:82:00:00:${(index + 16).toString(16)}`,
      guestName: `eno${index + 1}`,
      mode,
      network,
      vlan,
    })),
  };
}
