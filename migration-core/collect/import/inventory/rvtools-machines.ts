/** One virtual machine of an RVTools export, put together from the rows of several sheets. */
import { usableMac, usableUuid } from '../../../store/model/identity.ts';
import type {
  NetworkInterface,
  PhysicalDisk,
  ServerInventory,
  Volume,
} from '../../../store/model/inventory.ts';
import { count, flag, known, osFamily, sized } from '../../values.ts';
import type { RvHost } from './rvtools-hosts.ts';
import type { Row } from './sheets.ts';

export type RvSheet = 'vCPU' | 'vMemory' | 'vDisk' | 'vPartition' | 'vNetwork';

const MIB = 2 ** 20;

export interface RvMachine {
  /** @returns one sentence about what is wrong with the row, or null */
  extend(sheet: RvSheet, record: Row, limit: number): string | null;
  inventory(): ServerInventory;
}

/** @param info its row of vInfo */
export function rvMachine(name: string, info: Row, host: RvHost | undefined): RvMachine {
  const cpu: { count?: number; sockets?: number } = {};
  let memory: number | undefined;
  const disks: PhysicalDisk[] = [];
  const volumes: Volume[] = [];
  const nics: NetworkInterface[] = [];
  const seen = new Set<RvSheet>();

  const extenders: Record<RvSheet, (record: Row) => string | null> = {
    vCPU(record) {
      Object.assign(cpu, known({ count: count(record.get('cpus')), sockets: count(record.get('sockets')) }));
      return null;
    },
    vMemory(record) {
      memory = sized(record.get('size mib'), MIB);
      return memory === undefined ? 'the size of the memory is no number.' : null;
    },
    vDisk(record) {
      const bytes = sized(record.get('capacity mib'), MIB);
      if (bytes === undefined) return 'the capacity of a disk is no number.';
      disks.push(
        known({
          name: record.get('disk') ?? `disk ${disks.length + 1}`,
          bytes,
          bus: busOf(record.get('controller')),
          model: record.get('controller'),
        }),
      );
      return null;
    },
    vPartition(record) {
      const mountPoint = record.get('disk');
      if (mountPoint === undefined) return 'a partition has no name.';
      volumes.push(
        known({
          name: mountPoint,
          mountPoint,
          bytes: sized(record.get('capacity mib'), MIB),
          usedBytes: sized(record.get('consumed mib'), MIB),
        }),
      );
      return null;
    },
    vNetwork(record) {
      const mac = record.get('mac address')?.toLowerCase().replaceAll('-', ':');
      nics.push({
        name: record.get('nic label') ?? `network adapter ${nics.length + 1}`,
        kind: 'virtual',
        addresses: ['ipv4 address', 'ipv6 address', 'ip address']
          .flatMap((column) => record.get(column)?.split(/[\s,;]+/u) ?? [])
          .filter((address) => address !== '' && address !== 'unknown'),
        ...known({
          mac: mac !== undefined && /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/u.test(mac) ? mac : undefined,
          up: flag(record.get('connected')),
          driver: record.get('adapter') ?? record.get('type'),
        }),
      });
      return null;
    },
  };

  return {
    extend(sheet, record, limit) {
      seen.add(sheet);
      if (disks.length + volumes.length + nics.length >= limit) return `it has more than ${limit} parts.`;
      return extenders[sheet](record);
    },
    inventory() {
      const osName =
        info.get('os according to the vmware tools') ??
        info.get('os according to the configuration file') ??
        info.get('os');
      const cpus = count(info.get('cpus')) ?? cpu.count;
      const sockets = cpu.sockets !== undefined && cpu.sockets <= (cpus ?? 0) ? cpu.sockets : undefined;
      const firmware = info.get('firmware')?.toLowerCase();
      const dnsName = info.get('dns name');
      return {
        identity: {
          name,
          ...known({
            fqdn: dnsName?.includes('.') === true ? dnsName.toLowerCase() : undefined,
            smbiosUuid: usableUuid(info.get('smbios uuid')) ?? firmwareUuid(info.get('vm uuid')),
          }),
          macs: [...new Set(nics.map(({ mac }) => usableMac(mac)).filter((mac) => mac !== undefined))],
        },
        vendor: 'VMware',
        model: 'Virtual machine',
        virtual: host?.version() ?? 'VMware vSphere',
        ...known({
          firmware:
            firmware === 'efi' || firmware === 'bios'
              ? known({
                  kind: firmware === 'efi' ? ('uefi' as const) : ('bios' as const),
                  secureBoot: flag(info.get('efi secure boot')),
                })
              : undefined,
          processors:
            cpus === undefined
              ? undefined
              : [known({ model: host?.processor() ?? 'unknown', sockets, cores: cpus, threads: cpus })],
          memoryBytes: sized(info.get('memory') ?? info.get('memory mib'), MIB) ?? memory,
          disks: seen.has('vDisk') ? disks : undefined,
          volumes: seen.has('vPartition') ? volumes : undefined,
          networkInterfaces: seen.has('vNetwork') ? nics : undefined,
          operatingSystem: osName === undefined ? undefined : { family: osFamily(osName), name: osName },
        }),
        gaps: [],
      };
    },
  };
}

/** Old exports give the UUID of the firmware (42.. or 56..), new ones that of vCenter (50..), under the same name. */
const firmwareUuid = (text: string | undefined): string | undefined =>
  text?.startsWith('50') === true ? undefined : usableUuid(text);

function busOf(controller: string | undefined): string | undefined {
  const words = controller?.toLowerCase() ?? '';
  return ['nvme', 'scsi', 'sata', 'ahci', 'ide'].find((bus) => words.includes(bus))?.replace('ahci', 'sata');
}
