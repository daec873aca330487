/** Small guests and initramfs images for the tests of this folder. */
import { writeCpio, type NewEntry } from '../../../../../migration-core/guest/linux/initramfs/cpio.ts';
import type { FixContext, GuestReader } from '../../../../../migration-core/guest/fixer.ts';
import type { Guest, Kernel } from '../../../../../migration-core/guest/guest.ts';
import { GuestTree } from '../../../../../migration-core/guest/tree.ts';
import type { DiskBus, NicModel, VirtualMachine } from '../../../../../migration-core/target/machine.ts';
import { targetById } from '../../../../../migration-core/target/table.ts';
import { memoryFileSystem, type MemoryEntry } from '../../../../support/memory-filesystem.ts';

export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export const file = (path: string, content: string | Uint8Array = path): NewEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  content: typeof content === 'string' ? bytes(content) : content,
});
export const folder = (path: string): NewEntry => ({
  path,
  type: 'directory',
  mode: 0o755,
  content: new Uint8Array(0),
});
export const link = (path: string, target: string): NewEntry => ({
  path,
  type: 'symlink',
  mode: 0o777,
  content: bytes(target),
});

/** Every folder on the way to a path, and so on for all entries. */
export function withFolders(entries: readonly NewEntry[]): NewEntry[] {
  const made = new Set<string>();
  const result: NewEntry[] = [];
  for (const entry of entries) {
    const parts = entry.path.split('/').slice(0, -1);
    parts.forEach((_, i) => {
      const path = parts.slice(0, i + 1).join('/');
      if (!made.has(path)) result.push(folder(path));
      made.add(path);
    });
    if (entry.type === 'directory' && made.has(entry.path)) continue;
    made.add(entry.path);
    result.push(entry);
  }
  return result;
}

export const VERSION = '6.1.0-1-amd64';
const MODULES = `usr/lib/modules/${VERSION}`;

/** What initramfs-tools makes on a merged /usr: /lib is a link, AHCI is the only storage driver. */
export function ahciOnly(options: { merged?: boolean; more?: NewEntry[] } = {}): Uint8Array<ArrayBuffer> {
  const merged = options.merged ?? true;
  const place = merged ? MODULES : MODULES.replace(/^usr\//, '');
  return writeCpio(
    withFolders([
      file('init'),
      ...(merged ? [folder('usr/lib'), link('lib', 'usr/lib')] : []),
      file('usr/bin/kmod'),
      link('usr/sbin/modprobe', '/usr/bin/kmod'),
      folder('sbin'),
      file('usr/lib/systemd/systemd-udevd'),
      file(`${place}/kernel/drivers/ata/ahci.ko`),
      file(`${place}/kernel/drivers/ata/libata.ko`),
      file(`${place}/kernel/drivers/scsi/scsi_mod.ko`),
      file(`${place}/kernel/drivers/scsi/sd_mod.ko`),
      file(`${place}/modules.dep.bin`, 'trimmed'),
      ...(options.more ?? []),
    ]),
  );
}

/** Modules of a guest's kernel with what each needs; the suffix is how the distribution compresses them. */
const GUEST_MODULES: Record<string, string[]> = {
  'kernel/drivers/virtio/virtio_ring.ko': [],
  'kernel/drivers/virtio/virtio.ko': ['kernel/drivers/virtio/virtio_ring.ko'],
  'kernel/drivers/virtio/virtio_pci.ko': [
    'kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/virtio/virtio_ring.ko',
  ],
  'kernel/drivers/block/virtio_blk.ko': [
    'kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/virtio/virtio_ring.ko',
  ],
  'kernel/drivers/scsi/scsi_mod.ko': [],
  'kernel/lib/crc-t10dif.ko': [],
  'kernel/crypto/crct10dif_generic.ko': [],
  'kernel/drivers/scsi/sd_mod.ko': ['kernel/drivers/scsi/scsi_mod.ko', 'kernel/lib/crc-t10dif.ko'],
  'kernel/drivers/ata/libata.ko': ['kernel/drivers/scsi/scsi_mod.ko'],
  'kernel/drivers/ata/ahci.ko': ['kernel/drivers/ata/libata.ko', 'kernel/drivers/scsi/scsi_mod.ko'],
  'kernel/drivers/net/virtio_net.ko': [
    'kernel/drivers/virtio/virtio.ko',
    'kernel/drivers/virtio/virtio_ring.ko',
  ],
  'kernel/fs/ext4/ext4.ko': [],
};

export interface GuestOptions {
  image?: Uint8Array;
  merged?: boolean;
  /** `.xz`, `.zst`, `.gz`, with how a module's content becomes that. */
  compressed?: { suffix: string; pack: (content: Uint8Array) => Uint8Array };
  more?: Record<string, MemoryEntry | string | Uint8Array>;
  without?: string[];
}

export interface TestGuest {
  files: GuestReader;
  tree: GuestTree;
  kernel: Kernel;
  context: (bus: DiskBus, nic?: NicModel) => FixContext;
}

/** A guest in memory with one kernel. */
export function guestWith(options: GuestOptions = {}): TestGuest {
  const merged = options.merged ?? true;
  const directory = `${merged ? '/usr' : ''}/lib/modules/${VERSION}`;
  const { suffix, pack } = options.compressed ?? { suffix: '', pack: (content: Uint8Array) => content };
  const entries: Record<string, MemoryEntry | string | Uint8Array> = {
    ...(merged ? { '/lib': { symlink: 'usr/lib' } } : {}),
    [`/boot/initrd.img-${VERSION}`]: { file: options.image ?? ahciOnly({ merged }) },
    [`/boot/config-${VERSION}`]: 'CONFIG_RD_GZIP=y\n',
    [`${directory}/modules.dep`]: Object.entries(GUEST_MODULES)
      .map(([path, needs]) => `${path}${suffix}:${needs.map((need) => ` ${need}${suffix}`).join('')}\n`)
      .join(''),
    [`${directory}/modules.dep.bin`]: 'dep of the guest',
    [`${directory}/modules.alias`]:
      'alias crct10dif crct10dif_generic\nalias pci:v00001AF4d* virtio_pci\nalias fs-ext4 ext4\n',
    [`${directory}/modules.alias.bin`]: 'alias of the guest',
    [`${directory}/modules.softdep`]: 'softdep crc_t10dif pre: crct10dif\n',
    [`${directory}/modules.builtin`]: 'kernel/drivers/nvme/host/nvme.ko\n',
    ...options.more,
  };
  for (const path of Object.keys(GUEST_MODULES))
    entries[`${directory}/${path}${suffix}`] = pack(bytes(`module ${path}`));
  for (const path of options.without ?? []) {
    if (!(path in entries)) throw new Error(`${path} is not in the guest`);
    entries[path] = { dir: true };
    Reflect.deleteProperty(entries, path);
  }
  const tree = new GuestTree(memoryFileSystem(entries), 'disk0p1');
  const kernel: Kernel = {
    version: VERSION,
    image: `/boot/vmlinuz-${VERSION}`,
    initramfs: `/boot/initrd.img-${VERSION}`,
    modulesDirectory: directory,
    initramfsTool: 'initramfs-tools',
    isDefault: true,
  };
  return {
    files: tree,
    tree,
    kernel,
    context: (bus, nic) => contextOf(tree, [kernel], bus, nic),
  };
}

export function contextOf(
  files: GuestReader,
  kernels: Kernel[],
  bus: DiskBus,
  nic: NicModel = 'virtio-net',
  os: Partial<Guest> = {},
): FixContext {
  const guest: Guest = {
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12', family: 'debian' },
    architecture: 'x86_64',
    hostName: 'test',
    machineId: '',
    firmware: 'bios',
    init: 'systemd',
    mergedUsr: true,
    mounts: [],
    fstab: [],
    kernels,
    bootLoaders: [],
    interfaces: [],
    agents: [],
    selinux: 'absent',
    findings: [],
    ...os,
  };
  const machine: VirtualMachine = {
    name: 'test',
    uuid: '4c4c4544-0042-3510-8052-b4c04f4a3132',
    cpus: 1,
    memoryMiB: 1024,
    firmware: 'bios',
    architecture: 'x86_64',
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12' },
    clock: 'utc',
    disks: [{ file: 'test.qcow2', format: 'qcow2', size: 4 * 2 ** 30, bus, unit: 0 }],
    nics: [{ model: nic, mac: '52:54:00:00:00:01', guestName: null, mode: 'nat', network: null, vlan: null }],
  };
  return { guest, files, machine, target: targetById('kvm')!, volumes: [] };
}
