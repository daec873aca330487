/** One host of an RVTools export: a physical server that runs ESXi. */
import { usableMac, usableSerial, usableUuid } from '../../../store/model/identity.ts';
import type {
  HostBusAdapter,
  NetworkInterface,
  Processor,
  ServerInventory,
} from '../../../store/model/inventory.ts';
import { count, flag, known, number, said, sized } from '../../values.ts';
import type { Row } from './sheets.ts';

const MIB = 2 ** 20;
const MAX_HOSTS = 10_000;
const MAX_ADAPTERS = 200;

export interface RvHost {
  /** `VMware ESXi 7.0.3 build-19193900`, or undefined. */
  version(): string | undefined;
  /** Model of its processors. */
  processor(): string | undefined;
  extend(sheet: 'vHBA' | 'vNIC', record: Row): string | null;
  inventory(): ServerInventory;
}

/** Puts a row of vHost, vHBA or vNIC where it belongs. @returns one sentence about what is wrong with it, or null */
export function hostOf(
  hosts: Map<string, RvHost>,
  sheet: 'vHost' | 'vHBA' | 'vNIC',
  record: Row,
): string | null {
  const name = record.get('host');
  if (name === undefined) return 'the row has no name of a host.';
  if (sheet !== 'vHost') return hosts.get(name)?.extend(sheet, record) ?? null;
  if (hosts.has(name)) return 'the host is listed twice.';
  if (hosts.size >= MAX_HOSTS) return `more than ${MAX_HOSTS} hosts are not imported at once.`;
  hosts.set(name, rvHost(name, record));
  return null;
}

function rvHost(name: string, row: Row): RvHost {
  const adapters: HostBusAdapter[] = [];
  const nics: NetworkInterface[] = [];
  const seen = new Set<string>();
  const version = row.get('esx version');
  return {
    version: () => version,
    processor: () => said(row.get('cpu model')),
    extend(sheet, record) {
      seen.add(sheet);
      if (adapters.length + nics.length >= MAX_ADAPTERS) return `it has more than ${MAX_ADAPTERS} adapters.`;
      if (sheet === 'vHBA') adapters.push(adapterOf(record));
      else nics.push(nicOf(record));
      return null;
    },
    inventory() {
      const isAddress = /^[\d.]+$|:/u.test(name);
      return {
        identity: {
          name: isAddress ? name : name.split('.')[0]!,
          ...known({
            fqdn: !isAddress && name.includes('.') ? name.toLowerCase() : undefined,
            smbiosUuid: usableUuid(row.get('uuid')),
            serial: usableSerial(row.get('serial number')) ?? usableSerial(row.get('service tag')),
          }),
          macs: [...new Set(nics.map(({ mac }) => usableMac(mac)).filter((mac) => mac !== undefined))],
        },
        ...known({
          vendor: said(row.get('vendor')),
          model: said(row.get('model')),
          firmware: firmwareOf(row),
          processors: processorsOf(row),
          memoryBytes: sized(row.get('# memory'), MIB),
          hostBusAdapters: seen.has('vHBA') ? adapters : undefined,
          networkInterfaces: seen.has('vNIC') ? nics : undefined,
          operatingSystem: known({
            family: 'other' as const,
            id: 'esxi',
            name: version ?? 'VMware ESXi',
            version: /\b\d+\.\d+\.\d+\b/u.exec(version ?? '')?.[0],
            build: /build-(\d{1,12})/u.exec(version ?? '')?.[1],
            timeZone: row.get('time zone'),
          }),
        }),
        roles: ['hypervisor'],
        gaps: [],
      };
    },
  };
}

function processorsOf(row: Row): Processor[] | undefined {
  const sockets = count(row.get('# cpu'));
  const perSocket = count(row.get('cores per cpu'));
  const product = sockets === undefined || perSocket === undefined ? undefined : sockets * perSocket;
  const cores = count(row.get('# cores')) ?? count(product);
  const threads = flag(row.get('ht active'));
  if (cores === undefined && sockets === undefined) return undefined;
  return [
    known({
      model: said(row.get('cpu model')) ?? 'unknown',
      sockets,
      cores,
      threads: cores === undefined || threads === undefined ? undefined : count(threads ? cores * 2 : cores),
      megahertz: megahertz(row.get('speed')),
    }),
  ];
}

const megahertz = (text: string | undefined): number | undefined => {
  const speed = number(text);
  return speed === undefined || speed < 0 ? undefined : speed;
};

function firmwareOf(row: Row): ServerInventory['firmware'] {
  const version = said(row.get('bios version'));
  const date = row.get('bios date');
  return version === undefined && date === undefined ? undefined : known({ version, date });
}

function adapterOf(record: Row): HostBusAdapter {
  const type = record.get('type')?.toLowerCase() ?? '';
  const kind =
    type.includes('fibre') || type.includes('fc') ? 'fc' : type.includes('iscsi') ? 'iscsi' : 'sas';
  const wwns = [...(record.get('wwn') ?? '').matchAll(/(?:[0-9a-f]{2}:?){8}/giu)].map((match) =>
    match[0].toLowerCase().replaceAll(':', '').match(/../gu)!.join(':'),
  );
  return {
    name: record.get('model') ?? record.get('device') ?? 'adapter',
    kind: kind === 'sas' && !/sas|scsi|raid|ide|sata|block/u.test(type) ? 'other' : kind,
    // Of node and port; the port comes last.
    wwpns: kind === 'fc' ? wwns.slice(-1) : [],
    ...known({ driver: record.get('driver') }),
  };
}

function nicOf(record: Row): NetworkInterface {
  const speed = sized(record.get('speed'), 1e6);
  const mac = record.get('mac')?.toLowerCase();
  return {
    name: record.get('network device') ?? 'vmnic',
    kind: 'physical',
    addresses: [],
    ...known({
      mac: mac !== undefined && /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/u.test(mac) ? mac : undefined,
      speed: speed === 0 ? undefined : speed,
      driver: record.get('driver'),
    }),
  };
}
