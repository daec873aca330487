/** The machine: who made it, which one it is, how its firmware starts it, whether it is one of metal at all. */
import { usableSerial, usableUuid } from '../../store/model/identity.ts';
import type { InventoryGap, MemoryModule, ServerInventory } from '../../store/model/inventory.ts';
import { dmiField, dmiMemoryModules, parseDmidecode, type DmiStructure } from './dmidecode.ts';
import {
  safeBytes,
  factsOf,
  fileOf,
  firstLine,
  known,
  linesOf,
  pathsOf,
  textOf,
  usable,
  wholeNumber,
  type Sections,
} from './text.ts';

/** Of the parts of an inventory that SMBIOS and its firmware tell. */
export interface Machine {
  uuid?: string | undefined;
  serial?: string | undefined;
  vendor?: string | undefined;
  model?: string | undefined;
  chassis?: string | undefined;
  boardSerial?: string | undefined;
  firmware?: ServerInventory['firmware'];
  memoryBytes?: number | undefined;
  memoryModules?: MemoryModule[] | undefined;
  virtual?: string | undefined;
  structures: DmiStructure[];
  gaps: InventoryGap[];
}

export function machineOf(sections: Sections): Machine {
  const structures = parseDmidecode(textOf(sections, 'dmidecode'));
  const machine = structures.length > 0 ? fromStructures(structures) : fromSys(sections);
  const modules = structures.some(({ type }) => type === 17) ? dmiMemoryModules(structures) : undefined;
  const installed = safeBytes(modules?.reduce((total, { bytes }) => total + bytes, 0)) ?? 0;
  const usableKilobytes = wholeNumber(/^MemTotal:\s+(\d+) kB/mu.exec(fileOf(sections, '/proc/meminfo'))?.[1]);
  const seen = usableKilobytes === undefined ? undefined : safeBytes(usableKilobytes * 1024);
  const gaps: InventoryGap[] = [];
  if (structures.length === 0) gaps.push(...withoutDmidecode(sections, machine));
  return known<Machine>({
    ...machine,
    firmware: known({ ...machine.firmware, ...startOf(sections) }),
    // What is installed, where it is known: the kernel keeps some for itself and for crash dumps.
    memoryBytes: installed >= (seen ?? 0) && installed > 0 ? installed : seen,
    memoryModules: modules,
    virtual: virtualOf(sections, machine),
    structures,
    gaps,
  });
}

type Named = Omit<Machine, 'structures' | 'gaps'>;

export function fromStructures(structures: readonly DmiStructure[]): Named {
  const first = (type: number): DmiStructure | undefined => structures.find((each) => each.type === type);
  const [bios, system, board, chassis] = [first(0), first(1), first(2), first(3)];
  return {
    uuid: usableUuid(dmiField(system, 'UUID')),
    serial: usableSerial(dmiField(system, 'Serial Number')),
    vendor: dmiField(system, 'Manufacturer') ?? dmiField(board, 'Manufacturer'),
    model: dmiField(system, 'Product Name') ?? dmiField(board, 'Product Name'),
    chassis: dmiField(chassis, 'Type'),
    boardSerial: usableSerial(dmiField(board, 'Serial Number')),
    firmware: {
      vendor: dmiField(bios, 'Vendor'),
      version: dmiField(bios, 'Version'),
      date: dmiField(bios, 'Release Date'),
    },
  };
}

/** /sys/class/dmi/id: what the kernel read of SMBIOS; serial numbers and UUID are for root. */
function fromSys(sections: Sections): Named {
  const facts = factsOf(textOf(sections, 'dmi'));
  const fact = (name: string): string | undefined => {
    const value = usable(facts.get(`/sys/class/dmi/id/${name}`));
    return dmiField({ type: 1, handle: '', fields: new Map([['x', value ?? '']]), lists: new Map() }, 'x');
  };
  return {
    uuid: usableUuid(fact('product_uuid')),
    serial: usableSerial(fact('product_serial')),
    vendor: fact('sys_vendor') ?? fact('board_vendor'),
    model: fact('product_name') ?? fact('board_name'),
    chassis: CHASSIS[Number(fact('chassis_type') ?? 0) & 0x7f],
    boardSerial: usableSerial(fact('board_serial')),
    firmware: { vendor: fact('bios_vendor'), version: fact('bios_version'), date: fact('bios_date') },
  };
}

/** DSP0134 7.4.1, those that servers and the machines beside them have. */
const CHASSIS: Record<number, string> = {
  3: 'Desktop',
  4: 'Low Profile Desktop',
  6: 'Mini Tower',
  7: 'Tower',
  8: 'Portable',
  9: 'Laptop',
  10: 'Notebook',
  13: 'All In One',
  17: 'Main Server Chassis',
  23: 'Rack Mount Chassis',
  25: 'Multi-system',
  28: 'Blade',
  29: 'Blade Enclosure',
};

function startOf(sections: Sections): { kind?: 'bios' | 'uefi'; secureBoot?: boolean } {
  const facts = textOf(sections, 'firmware');
  const efi = pathsOf(facts).includes('/sys/firmware/efi');
  const x86 = /^(?:x86_64|i[3-6]86)$/u.test(firstLine(textOf(sections, 'uname-machine')) ?? '');
  // Only where /sys could be seen does a missing folder mean anything, and only on PCs does it mean BIOS.
  const looked = sections.get('firmware') !== undefined && factsOf(textOf(sections, 'blocks')).size > 0;
  const variables = [...factsOf(facts)].filter(([path]) => path.includes('SecureBoot-'));
  const state = /SecureBoot (enabled|disabled)/iu.exec(textOf(sections, 'secure-boot'))?.[1]?.toLowerCase();
  const last = variables
    .map(([, value]) => value.split(/\s+/u).at(-1))
    .find((value) => value === '0' || value === '1');
  const secure = last !== undefined ? last === '1' : state === undefined ? undefined : state === 'enabled';
  return {
    ...(efi ? { kind: 'uefi' as const } : looked && x86 ? { kind: 'bios' as const } : {}),
    ...(secure !== undefined ? { secureBoot: secure } : looked && x86 && !efi ? { secureBoot: false } : {}),
  };
}

const HYPERVISORS: [RegExp, string][] = [
  [/vmware/iu, 'VMware'],
  [/innotek|virtualbox/iu, 'VirtualBox'],
  [/microsoft corporation.*virtual machine/iu, 'Hyper-V'],
  [/\bxen\b|hvm domu/iu, 'Xen'],
  [/parallels/iu, 'Parallels'],
  [/nutanix.*ahv|\bahv\b/iu, 'Nutanix AHV'],
  [/rhev|ovirt|openstack|kubevirt|\bkvm\b|qemu|bochs|standard pc/iu, 'KVM'],
  [/amazon ec2/iu, 'Amazon EC2'],
  [/google compute engine/iu, 'Google Compute Engine'],
  [/bhyve/iu, 'bhyve'],
];

/** systemd-detect-virt(1) names. */
const DETECTED: Record<string, string> = {
  vmware: 'VMware',
  oracle: 'VirtualBox',
  microsoft: 'Hyper-V',
  xen: 'Xen',
  kvm: 'KVM',
  qemu: 'QEMU',
  amazon: 'Amazon EC2',
  parallels: 'Parallels',
  bhyve: 'bhyve',
  lxc: 'LXC container',
  'lxc-libvirt': 'LXC container',
  openvz: 'OpenVZ container',
  docker: 'Docker container',
  podman: 'Podman container',
  'systemd-nspawn': 'systemd-nspawn container',
  wsl: 'WSL',
  // virt-what(1) has names of its own for some.
  hyperv: 'Hyper-V',
  virtualbox: 'VirtualBox',
  'xen-domU': 'Xen',
  'xen-hvm': 'Xen',
  aws: 'Amazon EC2',
};

function virtualOf(sections: Sections, machine: Named): string | undefined {
  const paths = pathsOf(textOf(sections, 'virtual'));
  const facts = factsOf(textOf(sections, 'virtual'));
  if (paths.includes('/.dockerenv')) return 'Docker container';
  if (paths.includes('/run/.containerenv')) return 'Podman container';
  // /proc/bc is on the host of OpenVZ alone.
  if (paths.includes('/proc/vz') && !paths.includes('/proc/bc')) return 'OpenVZ container';
  const detected = firstLine(textOf(sections, 'detect-virt'));
  if (detected !== undefined && detected !== 'none')
    return Object.hasOwn(DETECTED, detected) ? DETECTED[detected] : detected;
  for (const line of linesOf(textOf(sections, 'virt-what').slice(0, 1000)))
    if (Object.hasOwn(DETECTED, line)) return DETECTED[line];
  const named = `${machine.vendor ?? ''} ${machine.model ?? ''} ${machine.firmware?.vendor ?? ''}`;
  const byName = HYPERVISORS.find(([pattern]) => pattern.test(named))?.[1];
  if (byName !== undefined) return byName;
  const xen = facts.get('/sys/hypervisor/type') === 'xen' || paths.includes('/proc/xen/capabilities');
  // The first domain of Xen is the metal itself.
  if (xen && !(facts.get('/proc/xen/capabilities') ?? '').includes('control_d')) return 'Xen';
  const vendor = usable(/^Hypervisor vendor:\s*(\S.*)$/mu.exec(textOf(sections, 'lscpu'))?.[1]);
  if (vendor !== undefined) return vendor;
  return /^flags\s*:.*\bhypervisor\b/mu.test(fileOf(sections, '/proc/cpuinfo'))
    ? 'unknown hypervisor'
    : undefined;
}

function withoutDmidecode(sections: Sections, machine: Named): InventoryGap[] {
  const ran = sections.get('dmidecode');
  const why =
    ran === undefined
      ? 'dmidecode is not installed.'
      : /permission denied|must be root|password is required/iu.test(ran.errors + ran.text)
        ? 'dmidecode needs root.'
        : 'dmidecode found no SMBIOS table.';
  const next =
    ran === undefined
      ? 'Install dmidecode and collect again as root.'
      : why === 'dmidecode needs root.'
        ? 'Collect again as root, or let the collector use sudo.'
        : 'Look at the label or at the management processor of the machine.';
  const gaps: InventoryGap[] = [{ part: 'memoryModules', why, next }];
  if (machine.serial === undefined) gaps.push({ part: 'identity.serial', why, next });
  if (machine.uuid === undefined) gaps.push({ part: 'identity.smbiosUuid', why, next });
  return gaps;
}
