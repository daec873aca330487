/** `facter --json` (puppet): structured facts of version 3 and later, and the flat ones before. */
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

export const facter = factImporter({
  id: 'facter',
  name: 'Facts of facter (puppet)',
  looksLike: (head) =>
    /"facterversion"\s*:/u.test(head)
      ? 3
      : /"(?:physicalprocessorcount|memorysize_mb)"\s*:/u.test(head)
        ? 2
        : 0,
  read(document, label) {
    // `puppet facts` puts them below a key, with the name of the host beside it.
    const facts = isFields(document['values']) ? document['values'] : document;
    const name =
      text(at(facts, 'networking', 'hostname')) ?? text(facts['hostname']) ?? text(document['name']);
    if (name === undefined && facts['facterversion'] === undefined) return null;
    return inventoryOf(facts, name ?? label);
  },
});

function inventoryOf(facts: Fields, name: string): ServerInventory {
  const dmi = facts['dmi'];
  const networkInterfaces = interfacesOf(facts);
  const processors = facts['processors'];
  const sockets = count(at(processors, 'physicalcount')) ?? count(facts['physicalprocessorcount']);
  const perSocket = count(at(processors, 'cores'));
  const fqdn = text(at(facts, 'networking', 'fqdn')) ?? text(facts['fqdn']);
  const virtual = text(facts['virtual']) ?? pairs(facts['hypervisors'])[0]?.[0];
  const version = said(at(dmi, 'bios', 'version')) ?? said(facts['bios_version']);
  return {
    identity: identityOf({
      name,
      fqdn,
      uuid: text(at(dmi, 'product', 'uuid')) ?? text(facts['uuid']),
      serial: text(at(dmi, 'product', 'serial_number')) ?? text(facts['serialnumber']),
      interfaces: networkInterfaces,
    }),
    ...known({
      vendor: said(at(dmi, 'manufacturer')) ?? said(facts['manufacturer']),
      model: said(at(dmi, 'product', 'name')) ?? said(facts['productname']),
      virtual: hypervisorName(virtual, undefined),
      chassis: said(at(dmi, 'chassis', 'type')),
      boardSerial: said(at(dmi, 'board', 'serial_number')) ?? said(facts['boardserialnumber']),
      firmware:
        version === undefined
          ? undefined
          : known({
              vendor: said(at(dmi, 'bios', 'vendor')) ?? said(facts['bios_vendor']),
              version,
              date: said(at(dmi, 'bios', 'release_date')) ?? said(facts['bios_release_date']),
            }),
      processors: oneKind({
        model: text(list(at(processors, 'models'))[0]) ?? text(facts['processor0']),
        sockets,
        cores: sockets === undefined || perSocket === undefined ? undefined : count(sockets * perSocket),
        threads: count(at(processors, 'count')) ?? count(facts['processorcount']),
        megahertz: megahertz(text(at(processors, 'speed'))),
        architecture: text(at(facts, 'os', 'hardware')) ?? text(facts['hardwaremodel']),
      }),
      memoryBytes:
        count(at(facts, 'memory', 'system', 'total_bytes')) ?? sized(facts['memorysize_mb'], 2 ** 20),
      disks: disksOf(facts),
      volumes: volumesOf(facts),
      networkInterfaces,
      operatingSystem: operatingSystem({
        id:
          text(at(facts, 'os', 'distro', 'id')) ??
          text(at(facts, 'os', 'name')) ??
          text(facts['operatingsystem']),
        name: osName(facts),
        version: text(at(facts, 'os', 'release', 'full')) ?? text(facts['operatingsystemrelease']),
        kernel: text(facts['kernelrelease']),
        architecture: text(at(facts, 'os', 'hardware')) ?? text(facts['architecture']),
        timeZone: text(facts['timezone']),
        system: text(facts['kernel']),
      }),
    }),
    gaps: [],
  };
}

function osName(facts: Fields): string | undefined {
  const described = text(at(facts, 'os', 'distro', 'description')) ?? text(facts['lsbdistdescription']);
  if (described !== undefined) return described;
  const name = text(at(facts, 'os', 'name')) ?? text(facts['operatingsystem']);
  const release = text(at(facts, 'os', 'release', 'full')) ?? text(facts['operatingsystemrelease']);
  return name === undefined ? undefined : [name, release].filter((word) => word !== undefined).join(' ');
}

/** `2.30 GHz`. */
function megahertz(speed: string | undefined): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,6})?) ([MG])Hz$/u.exec(speed ?? '');
  return match === null ? undefined : Math.round(Number(match[1]) * (match[2] === 'G' ? 1000 : 1));
}

function interfacesOf(facts: Fields): NetworkInterface[] | undefined {
  const structured = at(facts, 'networking', 'interfaces');
  if (!isFields(structured)) return flatInterfaces(facts);
  const primary = text(at(facts, 'networking', 'primary'));
  return pairs(structured).map(([name, one]) => ({
    name,
    addresses: [...list(at(one, 'bindings')), ...list(at(one, 'bindings6'))].flatMap((binding) => {
      const address = text(at(binding, 'address'));
      return address === undefined ? [] : [withPrefix(address, text(at(binding, 'netmask')))];
    }),
    ...vlanOf(name),
    ...known({
      mac: colons(text(at(one, 'mac'))),
      kind: interfaceKind(name),
      mtu: count(at(one, 'mtu')),
      dhcp: text(at(one, 'dhcp')) === undefined ? undefined : true,
      up: primary === name ? true : undefined,
      speed: sized(at(one, 'speed'), 1e6),
    }),
  }));
}

/** `interfaces: "eth0,lo"` with `ipaddress_eth0`, `macaddress_eth0` and so on. */
function flatInterfaces(facts: Fields): NetworkInterface[] | undefined {
  const names = text(facts['interfaces']);
  return names
    ?.split(',')
    .slice(0, 1000)
    .map((name) => {
      const address = text(facts[`ipaddress_${name}`]);
      return {
        name,
        addresses: address === undefined ? [] : [withPrefix(address, text(facts[`netmask_${name}`]))],
        ...known({
          mac: colons(text(facts[`macaddress_${name}`])),
          kind: interfaceKind(name),
          mtu: count(facts[`mtu_${name}`]),
        }),
      };
    });
}

function disksOf(facts: Fields): PhysicalDisk[] | undefined {
  const structured = facts['disks'];
  if (isFields(structured))
    return pairs(structured)
      .filter(([name]) => !/^(?:sr|loop|fd|zram)\d/u.test(name))
      .map(([name, disk]) => {
        const type = text(at(disk, 'type'))?.toLowerCase();
        return known({
          name,
          bytes: count(at(disk, 'size_bytes')),
          model: said(at(disk, 'model')),
          vendor: said(at(disk, 'vendor')),
          serial: said(at(disk, 'serial_number')) ?? said(at(disk, 'serial')),
          wwn: text(at(disk, 'wwn')),
          rotational: type === 'hdd' ? true : type === 'ssd' ? false : undefined,
        });
      });
  const names = text(facts['blockdevices']);
  return names
    ?.split(',')
    .slice(0, 1000)
    .filter((name) => !/^(?:sr|loop|fd)\d/u.test(name))
    .map((name) =>
      known({
        name,
        bytes: count(facts[`blockdevice_${name}_size`]),
        model: said(facts[`blockdevice_${name}_model`]),
        vendor: said(facts[`blockdevice_${name}_vendor`]),
      }),
    );
}

function volumesOf(facts: Fields): Volume[] | undefined {
  if (!isFields(facts['mountpoints'])) return undefined;
  return pairs(facts['mountpoints'])
    .filter(
      ([, mount]) =>
        !/^(?:tmpfs|devtmpfs|proc|sysfs|cgroup2?|devpts)$/u.test(text(at(mount, 'filesystem')) ?? ''),
    )
    .map(([mountPoint, mount]) =>
      known({
        name: text(at(mount, 'device')) ?? mountPoint,
        mountPoint,
        fileSystem: text(at(mount, 'filesystem')),
        bytes: count(at(mount, 'size_bytes')) ?? bytesOf(at(mount, 'size')),
        usedBytes: count(at(mount, 'used_bytes')) ?? bytesOf(at(mount, 'used')),
      }),
    );
}
