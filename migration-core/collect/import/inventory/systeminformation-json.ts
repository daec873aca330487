/** `si.getStaticData()` or `getAllData()` of systeminformation 5, saved as JSON on the server itself. */
import type {
  MemoryModule,
  NetworkInterface,
  PhysicalDisk,
  ServerInventory,
  Volume,
} from '../../../store/model/inventory.ts';
import { usableSerial } from '../../../store/model/identity.ts';
import {
  at,
  count,
  flag,
  isFields,
  known,
  list,
  number,
  said,
  sized,
  text,
  type Fields,
} from '../../values.ts';
import { factImporter } from './documents.ts';
import { colons, identityOf, oneKind, operatingSystem, withPrefix } from './facts.ts';

export const systeminformationJson = factImporter({
  id: 'systeminformation-json',
  name: 'Static data of systeminformation (JSON)',
  looksLike: (head) => {
    if (/"memLayout"\s*:/u.test(head) || /"diskLayout"\s*:/u.test(head)) return 3;
    return /"baseboard"\s*:[\s\S]{0,2000}"chassis"\s*:[\s\S]{0,2000}"os"\s*:/u.test(head) ? 2 : 0;
  },
  read: (document, label) =>
    isFields(document['system']) || isFields(document['os']) ? inventoryOf(document, label) : null,
});

function inventoryOf(data: Fields, label: string): ServerInventory {
  const { system, bios, os, cpu } = data;
  const networkInterfaces = interfacesOf(data['net'] ?? data['networkInterfaces']);
  const windows = /win/iu.test(text(at(os, 'platform')) ?? '') && text(at(os, 'platform')) !== 'darwin';
  const flags = text(at(cpu, 'flags'))?.split(' ').slice(0, 1000);
  const version = said(at(bios, 'version'));
  const uefi = flag(at(os, 'uefi'));
  const modules = modulesOf(data['memLayout']);
  const distribution = [text(at(os, 'distro')), text(at(os, 'release'))].filter((word) => word !== undefined);
  return {
    identity: identityOf({
      name: text(at(os, 'hostname')) ?? label,
      fqdn: text(at(os, 'fqdn')),
      uuid: text(at(system, 'uuid')) ?? text(at(data, 'uuid', 'hardware')),
      serial: text(at(system, 'serial')),
      interfaces: networkInterfaces,
    }),
    ...known({
      vendor: said(at(system, 'manufacturer')),
      model: said(at(system, 'model')),
      virtual:
        at(system, 'virtual') === true
          ? (text(at(system, 'virtualHost')) ?? 'unknown hypervisor')
          : undefined,
      chassis: said(at(data, 'chassis', 'type')),
      boardSerial: usableSerial(text(at(data, 'baseboard', 'serial'))),
      firmware:
        version === undefined && uefi === undefined
          ? undefined
          : known({
              kind: uefi === undefined ? undefined : uefi ? ('uefi' as const) : ('bios' as const),
              vendor: said(at(bios, 'vendor')),
              version,
              date: said(at(bios, 'releaseDate')),
            }),
      processors: oneKind({
        model: modelOf(cpu),
        vendor: text(at(cpu, 'vendor')),
        sockets: count(at(cpu, 'processors')),
        cores: count(at(cpu, 'physicalCores')),
        // "cores" counts logical processors here.
        threads: count(at(cpu, 'cores')),
        megahertz: megahertz(at(cpu, 'speed')),
        architecture: text(at(os, 'arch')) === 'x64' ? 'x86_64' : text(at(os, 'arch')),
        flags: windows || flags === undefined ? undefined : flags,
      }),
      memoryBytes: count(at(data, 'mem', 'total')) ?? modules?.reduce((sum, module) => sum + module.bytes, 0),
      memoryModules: modules,
      disks: disksOf(data['diskLayout']),
      volumes: volumesOf(data['fsSize']),
      networkInterfaces,
      operatingSystem: operatingSystem({
        id: windows ? 'windows' : (text(at(os, 'logofile')) ?? text(at(os, 'distro'))),
        name: distribution.length === 0 ? undefined : distribution.join(' '),
        version: text(at(os, 'release')),
        kernel: windows ? text(at(os, 'build')) : text(at(os, 'kernel')),
        architecture: text(at(os, 'arch')),
        timeZone: text(at(data, 'time', 'timezoneName')),
        system: text(at(os, 'platform')),
      }),
    }),
    gaps: [
      {
        part: 'devices',
        why: 'systeminformation lists neither controllers nor their drivers.',
        next: 'Run the collector of Ironlift on the server.',
      },
    ],
  };
}

const modelOf = (cpu: unknown): string | undefined => {
  const brand = text(at(cpu, 'brand'));
  const maker = text(at(cpu, 'manufacturer'));
  return brand === undefined ? undefined : [maker, brand].filter((word) => word !== undefined).join(' ');
};

/** In GHz; 0 where unknown. */
const megahertz = (speed: unknown): number | undefined => {
  const found = number(speed);
  return found === undefined || found <= 0 || found > 100 ? undefined : Math.round(found * 1000);
};

function modulesOf(layout: unknown): MemoryModule[] | undefined {
  if (!Array.isArray(layout)) return undefined;
  return list(layout).flatMap((module) => {
    const bytes = count(at(module, 'size'));
    if (bytes === undefined || bytes === 0) return [];
    const speed = number(at(module, 'clockSpeed'));
    return [
      known({
        slot: said(at(module, 'bank')),
        bytes,
        type: said(at(module, 'type')),
        speed: speed === undefined || speed <= 0 ? undefined : speed,
        vendor: said(at(module, 'manufacturer')),
        partNumber: said(at(module, 'partNum')),
        serial: usableSerial(text(at(module, 'serialNum'))),
      }),
    ];
  });
}

function disksOf(layout: unknown): PhysicalDisk[] | undefined {
  if (!Array.isArray(layout)) return undefined;
  return list(layout).map((disk, index) => {
    const type = text(at(disk, 'type'));
    return known({
      name: text(at(disk, 'device'))?.replace(/^\/dev\/|^\\\\\.\\/u, '') ?? `disk ${index}`,
      bytes: count(at(disk, 'size')),
      model: said(at(disk, 'name')),
      vendor: said(at(disk, 'vendor')),
      serial: usableSerial(text(at(disk, 'serialNum'))),
      bus: said(at(disk, 'interfaceType'))?.toLowerCase(),
      rotational: type === 'HD' ? true : type === 'SSD' || type === 'NVMe' ? false : undefined,
      sectorBytes: count(at(disk, 'bytesPerSector')),
    });
  });
}

const volumesOf = (volumes: unknown): Volume[] | undefined =>
  Array.isArray(volumes)
    ? list(volumes).flatMap((volume) => {
        const name = text(at(volume, 'fs'));
        return name === undefined
          ? []
          : [
              known({
                name,
                mountPoint: text(at(volume, 'mount')),
                fileSystem: text(at(volume, 'type'))?.toLowerCase(),
                bytes: count(at(volume, 'size')),
                usedBytes: count(at(volume, 'used')),
              }),
            ];
      })
    : undefined;

function interfacesOf(net: unknown): NetworkInterface[] | undefined {
  // getAllData() of old versions gives an object of one interface.
  if (!Array.isArray(net)) return undefined;
  return list(net).flatMap((one) => {
    const name = text(at(one, 'iface'));
    if (name === undefined) return [];
    const addresses = (['4', '6'] as const).flatMap((version) => {
      const address = text(at(one, `ip${version}`));
      return address === undefined ? [] : [withPrefix(address, text(at(one, `ip${version}subnet`)))];
    });
    const state = text(at(one, 'operstate'));
    const isVirtual = flag(at(one, 'virtual')) === true || text(at(one, 'type')) === 'virtual';
    return [
      {
        name,
        addresses,
        ...known({
          mac: colons(text(at(one, 'mac'))),
          kind:
            flag(at(one, 'internal')) === true
              ? ('loopback' as const)
              : isVirtual
                ? ('virtual' as const)
                : ('physical' as const),
          dhcp: flag(at(one, 'dhcp')),
          up: state === 'up' ? true : state === 'down' ? false : undefined,
          mtu: count(at(one, 'mtu')),
          speed: sized(at(one, 'speed'), 1e6),
        }),
      },
    ];
  });
}
