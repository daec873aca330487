/** Facts of ansible's setup module: `ansible all -m setup` (with `--tree`, or its output), or a fact cache of JSON files. */
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

const MIB = 2 ** 20;

export const ansible = factImporter(
  {
    id: 'ansible-facts',
    name: 'Facts of ansible (setup module)',
    looksLike: (head) =>
      /"ansible_facts"\s*:/u.test(head) || /"ansible_(?:hostname|nodename|architecture)"\s*:/u.test(head)
        ? 3
        : 0,
    read(document, label) {
      const facts = isFields(document['ansible_facts']) ? document['ansible_facts'] : document;
      const get = (name: string): unknown => at(facts, `ansible_${name}`) ?? at(facts, name);
      return get('hostname') === undefined && get('nodename') === undefined ? null : inventoryOf(get, label);
    },
  },
  (document) => {
    const facts = isFields(document['ansible_facts']) ? document['ansible_facts'] : document;
    return sized(at(facts, 'ansible_date_time', 'epoch'), 1000);
  },
);

type Get = (name: string) => unknown;

function inventoryOf(get: Get, label: string): ServerInventory {
  const networkInterfaces = interfacesOf(get);
  const cores = count(get('processor_cores'));
  const sockets = count(get('processor_count'));
  const role = text(get('virtualization_role'));
  const biosDate = said(get('bios_date'));
  return {
    identity: identityOf({
      name: text(get('hostname')) ?? text(get('nodename')) ?? label,
      fqdn: text(get('fqdn')),
      uuid: text(get('product_uuid')),
      serial: text(get('product_serial')),
      interfaces: networkInterfaces,
    }),
    ...known({
      vendor: said(get('system_vendor')),
      model: said(get('product_name')),
      virtual: hypervisorName(text(get('virtualization_type')), role),
      chassis: said(get('form_factor')),
      boardSerial: said(get('board_serial')),
      firmware:
        biosDate === undefined && said(get('bios_version')) === undefined
          ? undefined
          : known({
              vendor: said(get('bios_vendor')),
              version: said(get('bios_version')),
              date: biosDate,
            }),
      processors: oneKind({
        model: processorModel(list(get('processor'))),
        sockets,
        cores: cores === undefined || sockets === undefined ? undefined : count(cores * sockets),
        threads: count(get('processor_vcpus')),
        architecture: text(get('architecture')),
      }),
      memoryBytes: sized(get('memtotal_mb'), MIB),
      disks: disksOf(get('devices')),
      volumes: volumesOf(get('mounts')),
      networkInterfaces,
      operatingSystem: operatingSystem({
        id: text(get('distribution')),
        name: distributionName(get),
        version: text(get('distribution_version')),
        kernel: text(get('kernel')),
        architecture: text(get('architecture')),
        timeZone: text(at(get('date_time'), 'tz')),
        system: text(get('system')),
      }),
    }),
    gaps: [],
  };
}

const distributionName = (get: Get): string | undefined => {
  const name = text(get('distribution'));
  const version = text(get('distribution_version'));
  return name === undefined ? undefined : [name, version].filter((word) => word !== undefined).join(' ');
};

/** Number, vendor, model of each logical processor, in one list; on Windows and some architectures models only. */
function processorModel(words: unknown[]): string | undefined {
  const names = words.map(text).filter((word) => word !== undefined && !/^\d+$/u.test(word));
  return names.find((name) => name !== 'GenuineIntel' && name !== 'AuthenticAMD') ?? names[0];
}

function interfacesOf(get: Get): NetworkInterface[] | undefined {
  const names = get('interfaces');
  if (!Array.isArray(names)) return undefined;
  return list(names).flatMap((entry) => {
    // Windows lists descriptions, not names.
    if (isFields(entry)) return windowsInterface(entry);
    const name = text(entry);
    const facts = name === undefined ? undefined : get(name.replace(/[-.:]/gu, '_'));
    if (name === undefined || !isFields(facts)) return [];
    const addresses = [facts['ipv4'], ...list(facts['ipv4_secondaries']), ...list(facts['ipv6'])].flatMap(
      (one) => {
        const address = text(at(one, 'address'));
        return address === undefined
          ? []
          : [withPrefix(address, text(at(one, 'prefix')) ?? text(at(one, 'netmask')))];
      },
    );
    const speed = count(facts['speed']);
    const members = list(facts['slaves'] ?? facts['interfaces'])
      .map(text)
      .filter((member) => member !== undefined);
    return [
      {
        name,
        addresses,
        ...known({
          mac: colons(text(facts['perm_macaddress']) ?? text(facts['macaddress'])),
          kind: interfaceKind(name, text(facts['type'])),
          gateway:
            text(at(get('default_ipv4'), 'interface')) === name
              ? text(at(get('default_ipv4'), 'gateway'))
              : undefined,
          up: flag(facts['active']),
          mtu: count(facts['mtu']),
          speed: speed === undefined || speed === 0 ? undefined : speed * 1e6,
          driver: text(facts['module']),
          address: text(facts['pciid']),
          ...vlanOf(name),
          ...(members.length === 0 ? {} : { members }),
          teamMode: text(facts['mode']),
        }),
      },
    ];
  });
}

function windowsInterface(facts: Fields): NetworkInterface[] {
  const name = text(facts['connection_name']) ?? text(facts['interface_name']);
  if (name === undefined) return [];
  return [
    {
      name,
      addresses: [],
      ...known({ mac: colons(text(facts['macaddress'])), gateway: text(facts['default_gateway']) }),
    },
  ];
}

/** loop, ram and the like are no disks; neither is what lies on other disks. */
const NO_DISK = /^(?:loop|ram|zram|dm-|md|sr|fd|nbd|drbd|zd)\d*/u;

function disksOf(devices: unknown): PhysicalDisk[] | undefined {
  if (!isFields(devices)) return undefined;
  return pairs(devices)
    .filter(([name]) => !NO_DISK.test(name))
    .map(([name, facts]) => {
      const rotational = flag(at(facts, 'rotational'));
      const sectors = count(at(facts, 'sectors'));
      return known({
        name,
        // Sectors are of 512 bytes in the kernel, whatever the disk has.
        bytes: sectors === undefined ? bytesOf(at(facts, 'size')) : count(sectors * 512),
        model: said(at(facts, 'model')),
        vendor: said(at(facts, 'vendor')),
        serial: said(at(facts, 'serial')),
        wwn: text(at(facts, 'wwn')),
        rotational,
        sectorBytes: count(at(facts, 'sectorsize')),
        removable: flag(at(facts, 'removable')),
      });
    });
}

function volumesOf(mounts: unknown): Volume[] | undefined {
  if (!Array.isArray(mounts)) return undefined;
  return list(mounts).flatMap((mount) => {
    const name = text(at(mount, 'device'));
    if (name === undefined) return [];
    const bytes = count(at(mount, 'size_total'));
    const free = count(at(mount, 'size_available'));
    return [
      known({
        name,
        mountPoint: text(at(mount, 'mount')),
        fileSystem: text(at(mount, 'fstype')),
        uuid: said(at(mount, 'uuid')),
        bytes,
        usedBytes: bytes === undefined || free === undefined || free > bytes ? undefined : bytes - free,
      }),
    ];
  });
}
