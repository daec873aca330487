/**
 * OVF 1 and 2 (DSP0243), and the older flavour that oVirt still writes (`Content` and typed `Section`s in place of
 * elements of their own). Elements are known by their local names: real files mix up the namespaces.
 */
import { staysInside } from '../../image/package/manifest.ts';
import type { DescribedDisk, DescribedMachine, DescribedNic, MachineBus, MachineDialect } from './machine.ts';
import { notUnderstood } from './refusals.ts';
import { cpuCount, macAddress, mib, wholeNumber } from './values.ts';
import { readVboxHardware } from './vbox.ts';
import { attribute, below, find, parseXml, rootName, textAt, type XmlElement } from './xml.ts';

export const ovf: MachineDialect = {
  id: 'ovf',
  name: 'OVF',
  extensions: ['.ovf', '.xml'],
  recognises: (text) => rootName(text) === 'Envelope',
  disksAnywhere: false,
  parse,
};

/** CIM_ResourceAllocationSettingData.ResourceType. */
const RESOURCE = { cpu: 3, memory: 4, ide: 5, scsi: 6, nic: 10, disk: 17, other: 20 } as const;

function parse(text: string, path: string): DescribedMachine {
  const envelope = parseXml(text, path);
  const systems = [...below(envelope)].filter(({ name }) => name === 'VirtualSystem' || name === 'Content');
  const [system] = systems;
  if (system === undefined || systems.length > 1)
    throw notUnderstood(
      path,
      system === undefined ? 'it describes no machine' : `it describes ${systems.length} machines`,
      'Export each machine by itself, or name the disks of one of them.',
    );
  const items = readItems(envelope, system);
  const vboxElement = find(system, 'Machine');
  // VirtualBox puts into its own element what OVF has no room for: addresses and firmware.
  const own = vboxElement === null ? null : readVboxHardware(vboxElement);
  const { disks, findings } = readDisks(envelope, items, path);
  const nics = readNics(items);
  return {
    name: textAt(system, 'Name') ?? attribute(system, 'id') ?? '',
    cpus: cpus(items) ?? own?.cpus ?? null,
    memoryMiB: memory(items) ?? own?.memoryMiB ?? null,
    firmware: firmwareOf(system) ?? own?.firmware ?? null,
    guestOs: guestOf(system),
    disks,
    nics: nics.map((nic, index) => ({
      ...nic,
      mac: nic.mac ?? (own?.nics.length === nics.length ? own.nics[index]!.mac : null),
    })),
    findings,
  };
}

interface Item {
  element: XmlElement;
  type: number;
  id: string | null;
  parent: string | null;
  quantity: string | null;
}

/** Items of the machine, in their order, as the default configuration has them. */
function readItems(envelope: XmlElement, system: XmlElement): Item[] {
  const configurations = [...below(envelope)].filter(({ name }) => name === 'Configuration');
  const chosen =
    configurations.find((one) => attribute(one, 'default') === 'true' || attribute(one, 'default') === '1') ??
    configurations[0] ??
    null;
  const id = attribute(chosen, 'id');
  return [...below(system)]
    .filter(({ name }) => name === 'Item' || name === 'StorageItem' || name === 'EthernetPortItem')
    .filter((item) => {
      const of = attribute(item, 'configuration')?.split(/\s+/u);
      return of === undefined || (id !== null && of.includes(id));
    })
    .map((element) => ({
      element,
      type: wholeNumber(textAt(element, 'ResourceType')) ?? 0,
      id: textAt(element, 'InstanceID') ?? textAt(element, 'InstanceId'),
      parent: textAt(element, 'Parent'),
      quantity: textAt(element, 'VirtualQuantity'),
    }));
}

/** `byte * 2^20`, `MegaBytes`: bytes, or null. */
export function unitBytes(text: string | null): number | null {
  const unit = (text ?? 'byte').toLowerCase().replaceAll(/\s/gu, '');
  const power = /^bytes?\*(2|10)\^(\d{1,2})$/u.exec(unit);
  if (power !== null) return Number(power[1]) ** Number(power[2]);
  const named: Record<string, number> = {
    byte: 1,
    bytes: 1,
    kilobytes: 2 ** 10,
    megabytes: 2 ** 20,
    mb: 2 ** 20,
    gigabytes: 2 ** 30,
    gb: 2 ** 30,
    terabytes: 2 ** 40,
  };
  return named[unit] ?? null;
}

/** oVirt writes sockets and cores instead of a quantity. */
function cpus(items: readonly Item[]): number | null {
  const item = items.findLast(({ type }) => type === RESOURCE.cpu);
  const quantity = cpuCount(item?.quantity);
  const sockets = cpuCount(textAt(item?.element ?? null, 'num_of_sockets'));
  if (quantity !== null || sockets === null) return quantity;
  return sockets * (cpuCount(textAt(item!.element, 'cpu_per_socket')) ?? 1);
}

function memory(items: readonly Item[]): number | null {
  const item = items.findLast(({ type }) => type === RESOURCE.memory);
  const quantity = wholeNumber(item?.quantity);
  // Where no unit is given, all of them mean MiB; the standard itself would mean bytes, which no machine has so few of.
  const unit = unitBytes(textAt(item?.element ?? null, 'AllocationUnits') ?? 'megabytes');
  return quantity === null || unit === null ? null : mib(quantity * unit);
}

function firmwareOf(system: XmlElement): 'bios' | 'uefi' | null {
  for (const element of below(system)) {
    if (element.name === 'Config' && attribute(element, 'key') === 'firmware')
      return attribute(element, 'value') === 'efi' ? 'uefi' : 'bios';
    // oVirt: 0 and 1 are BIOS (i440fx, q35), from 2 on UEFI.
    if (element.name === 'BiosType') return (wholeNumber(element.text) ?? 0) >= 2 ? 'uefi' : 'bios';
  }
  return null;
}

function guestOf(system: XmlElement): string | null {
  const section = system.children.find(
    (child) =>
      child.name === 'OperatingSystemSection' ||
      (attribute(child, 'type') ?? '').endsWith('OperatingSystemSection_Type'),
  );
  return attribute(section ?? null, 'osType') ?? textAt(section ?? null, 'Description');
}

function readNics(items: readonly Item[]): DescribedNic[] {
  return items
    .filter(({ type }) => type === RESOURCE.nic)
    .map(({ element }) => ({
      mac: macAddress(textAt(element, 'Address') ?? textAt(element, 'MACAddress')),
      model: textAt(element, 'ResourceSubType'),
      network: textAt(element, 'Connection'),
      vlan: null,
    }));
}

function readDisks(
  envelope: XmlElement,
  items: readonly Item[],
  path: string,
): Pick<DescribedMachine, 'disks' | 'findings'> {
  const files = new Map<string, XmlElement>();
  const media = new Map<string, XmlElement>();
  for (const element of below(envelope)) {
    const id = attribute(element, element.name === 'File' ? 'id' : 'diskId');
    if (element.name === 'File' && id !== null) files.set(id, element);
    if (element.name === 'Disk' && id !== null) media.set(id, element);
  }
  const disks: DescribedDisk[] = [];
  const findings: DescribedMachine['findings'] = [];
  const controllers = new Map(items.map((item) => [item.id, item]));
  for (const { element, type, parent } of items) {
    if (type !== RESOURCE.disk) continue;
    const resource = textAt(element, 'HostResource') ?? '';
    const disk =
      media.get(/^(?:ovf:)?\/disk\/(.+)$/u.exec(resource)?.[1] ?? resource.split('/').at(-1)!) ?? null;
    const reference = /^(?:ovf:)?\/file\/(.+)$/u.exec(resource)?.[1] ?? attribute(disk, 'fileRef');
    const file = reference === null ? null : (files.get(reference) ?? null);
    const slot = textAt(element, 'ElementName') ?? textAt(element, 'Caption') ?? resource;
    if (reference === null && (disk !== null || resource === '')) {
      findings.push({
        severity: 'info',
        code: 'MACHINE_DISK_EMPTY',
        message: `${slot} is an empty disk without a file and is left out.`,
      });
      continue;
    }
    if (attribute(disk, 'parentRef') !== null)
      throw notUnderstood(
        path,
        `${slot} is a snapshot of another disk`,
        'Export the machine without snapshots.',
      );
    if (attribute(file, 'chunkSize') !== null)
      throw notUnderstood(
        path,
        `${slot} is cut into several files`,
        'Put its parts together, and name the disk.',
      );
    const controller = controllers.get(parent) ?? null;
    const href = attribute(file, 'href') ?? reference ?? resource;
    disks.push({
      bus: controller === null ? interfaceOf(disk) : busOf(controller),
      controller: textAt(controller?.element ?? null, 'ResourceSubType'),
      slot,
      source: href,
      places: fileNames(href),
    });
  }
  return { disks, findings };
}

/** An href is a relative URL; some programs write it as a plain name. */
function fileNames(href: string): string[] {
  if (/^[a-z][a-z0-9+.-]*:/iu.test(href)) return [];
  const names = [href];
  try {
    names.unshift(decodeURIComponent(href));
  } catch {
    // A percent sign of its own.
  }
  return [...new Set(names)].filter(staysInside);
}

function busOf({ type, element }: Item): MachineBus {
  const kind = (textAt(element, 'ResourceSubType') ?? '').toLowerCase();
  if (type === RESOURCE.ide) return 'ide';
  if (type === RESOURCE.scsi) return 'scsi';
  if (kind.includes('nvme')) return 'nvme';
  if (kind.includes('ahci') || kind.includes('sata')) return 'sata';
  return 'unknown';
}

/** oVirt says it of the disk. */
function interfaceOf(disk: XmlElement | null): MachineBus {
  const kind = attribute(disk, 'disk-interface')?.toLowerCase() ?? '';
  if (kind.startsWith('virtio')) return 'virtio';
  return kind === 'ide' || kind === 'sata' ? kind : 'unknown';
}
