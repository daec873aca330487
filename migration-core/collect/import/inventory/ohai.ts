/** `ohai` (chef): automatic attributes of a node, also as `knife node show -l -F json` nests them. */
import type {
  NetworkInterface,
  PhysicalDisk,
  ServerInventory,
  Volume,
} from '../../../store/model/inventory.ts';
import {
  at,
  bytesOf,
  count,
  flag,
  isFields,
  known,
  list,
  number,
  pairs,
  said,
  sized,
  text,
  type Fields,
} from '../../values.ts';
import { factImporter } from './documents.ts';
import {
  colons,
  hypervisorName,
  identityOf,
  interfaceKind,
  oneKind,
  operatingSystem,
  vlanOf,
  withPrefix,
} from './facts.ts';

export const ohai = factImporter(
  {
    id: 'ohai',
    name: 'Attributes of ohai (chef)',
    looksLike: (head) => {
      if (/"(?:ohai_time|chef_packages|platform_family)"\s*:/u.test(head)) return 3;
      // They come late in a large file; no other tool calls a MAC address so.
      return /"family"\s*:\s*"lladdr"/u.test(head) && !head.includes('"ansible_') ? 2 : 0;
    },
    read(document, label) {
      const node = isFields(document['automatic']) ? document['automatic'] : document;
      const name = text(node['hostname']) ?? text(node['machinename']);
      if (name === undefined && node['kernel'] === undefined) return null;
      return inventoryOf(node, name ?? label);
    },
  },
  (document) => {
    const node = isFields(document['automatic']) ? document['automatic'] : document;
    return sized(node['ohai_time'], 1000);
  },
);

function inventoryOf(node: Fields, name: string): ServerInventory {
  const dmi = node['dmi'];
  const networkInterfaces = interfacesOf(node);
  const version = said(at(dmi, 'bios', 'version'));
  return {
    identity: identityOf({
      name,
      fqdn: text(node['fqdn']),
      uuid: text(at(dmi, 'system', 'uuid')),
      serial: text(at(dmi, 'system', 'serial_number')),
      interfaces: networkInterfaces,
    }),
    ...known({
      vendor: said(at(dmi, 'system', 'manufacturer')),
      model: said(at(dmi, 'system', 'product_name')),
      virtual: hypervisorName(
        text(at(node, 'virtualization', 'system')),
        text(at(node, 'virtualization', 'role')),
      ),
      chassis: said(at(dmi, 'chassis', 'type')),
      boardSerial: said(at(dmi, 'base_board', 'serial_number')),
      firmware:
        version === undefined
          ? undefined
          : known({
              vendor: said(at(dmi, 'bios', 'vendor')),
              version,
              date: said(at(dmi, 'bios', 'release_date')),
            }),
      processors: processorsOf(node),
      memoryBytes: bytesOf(at(node, 'memory', 'total')),
      disks: disksOf(node['block_device']),
      volumes: volumesOf(node),
      networkInterfaces,
      operatingSystem: operatingSystem({
        id: text(node['platform']),
        name:
          text(at(node, 'os_release', 'pretty_name')) ??
          text(at(node, 'lsb', 'description')) ??
          [text(node['platform']), text(node['platform_version'])]
            .filter((word) => word !== undefined)
            .join(' '),
        version: text(node['platform_version']),
        kernel: text(at(node, 'kernel', 'release')),
        architecture: text(at(node, 'kernel', 'machine')),
        timeZone: text(at(node, 'time', 'timezone')),
        system: text(node['os']),
      }),
      software: softwareOf(node['packages']),
    }),
    gaps: [],
  };
}

function processorsOf(node: Fields): ReturnType<typeof oneKind> {
  const cpu = node['cpu'];
  if (!isFields(cpu)) return undefined;
  const first = pairs(cpu).find(([name]) => /^\d+$/u.test(name))?.[1];
  const flags = list(at(first, 'flags'))
    .map(text)
    .filter((word) => word !== undefined);
  return oneKind({
    model: text(at(first, 'model_name')) ?? text(cpu['model_name']),
    vendor: text(at(first, 'vendor_id')) ?? text(cpu['vendor_id']),
    sockets: count(cpu['real']),
    cores: count(cpu['cores']),
    threads: count(cpu['total']),
    megahertz: number(at(first, 'mhz')) ?? number(cpu['mhz']),
    architecture: text(at(node, 'kernel', 'machine')),
    flags: flags.length === 0 ? undefined : flags,
  });
}

function interfacesOf(node: Fields): NetworkInterface[] | undefined {
  const interfaces = at(node, 'network', 'interfaces');
  if (!isFields(interfaces)) return undefined;
  const defaultInterface = text(at(node, 'network', 'default_interface'));
  return pairs(interfaces).map(([name, one]) => {
    const addresses = pairs(at(one, 'addresses'));
    const mac = addresses.find(([, facts]) => text(at(facts, 'family')) === 'lladdr')?.[0];
    const speed = /^(\d{1,7})Mb\/s$/u.exec(text(at(one, 'link_speed')) ?? '')?.[1];
    return {
      name,
      addresses: addresses
        .filter(([, facts]) => ['inet', 'inet6'].includes(text(at(facts, 'family')) ?? ''))
        .map(([address, facts]) => withPrefix(address, text(at(facts, 'prefixlen')))),
      ...vlanOf(name),
      ...known({
        mac: colons(mac),
        kind: interfaceKind(name),
        mtu: count(at(one, 'mtu')),
        up: text(at(one, 'state')) === 'up' ? true : text(at(one, 'state')) === 'down' ? false : undefined,
        gateway: name === defaultInterface ? text(at(node, 'network', 'default_gateway')) : undefined,
        speed: speed === undefined ? sized(at(one, 'link_speed'), 1e6) : Number(speed) * 1e6,
        driver: text(at(one, 'driver_info', 'driver')),
      }),
    };
  });
}

function disksOf(devices: unknown): PhysicalDisk[] | undefined {
  if (!isFields(devices)) return undefined;
  return pairs(devices)
    .filter(([name]) => !/^(?:loop|ram|zram|dm-|md|sr|fd|nbd)\d*/u.test(name))
    .map(([name, disk]) => {
      const sectors = count(at(disk, 'size'));
      return known({
        name,
        // In sectors of 512 bytes, as /sys/block has it.
        bytes: sectors === undefined ? undefined : count(sectors * 512),
        model: said(at(disk, 'model')),
        vendor: said(at(disk, 'vendor')),
        rotational: flag(at(disk, 'rotational')),
        sectorBytes: count(at(disk, 'logical_block_size')),
        removable: flag(at(disk, 'removable')),
      });
    });
}

function volumesOf(node: Fields): Volume[] | undefined {
  const devices = at(node, 'filesystem', 'by_device');
  if (!isFields(devices)) return undefined;
  return pairs(devices)
    .filter(([name, facts]) => name.startsWith('/dev/') && text(at(facts, 'fs_type')) !== undefined)
    .filter(([name]) => !name.startsWith('/dev/loop'))
    .map(([name, facts]) =>
      known({
        name,
        mountPoint: text(list(at(facts, 'mounts'))[0]),
        fileSystem: text(at(facts, 'fs_type')),
        label: said(at(facts, 'label')),
        uuid: said(at(facts, 'uuid')),
        bytes: sized(at(facts, 'kb_size'), 1024),
        usedBytes: sized(at(facts, 'kb_used'), 1024),
      }),
    );
}

const softwareOf = (packages: unknown): ServerInventory['software'] =>
  isFields(packages)
    ? pairs(packages).map(([name, facts]) =>
        known({ name, version: text(at(facts, 'version')), vendor: text(at(facts, 'publisher')) }),
      )
    : undefined;
