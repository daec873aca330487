/** An invented customer as collectors would have brought him in: inventories and a month of samples. */
import type { CollectedItem } from '../collector.ts';
import type { ServerIdentity } from '../../store/model/identity.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import type { Cast, CastMember } from './cast.ts';
import { devicesOf, driversOf, MACHINES, virtualMachine } from './hardware.ts';
import { simulate } from './load.ts';

/** Milliseconds since 1970 of the first sample: a Monday, so that a month-end lies inside. */
export const SAMPLE_START = Date.UTC(2026, 8, 14);
export const SAMPLE_DAYS = 30;
const INTERVAL = 300;
const GIBIBYTE = 2 ** 30;
/** Of the harbour: one hour east. */
export const SAMPLE_OFFSET = 60;

export async function* sampleEstate(cast: Cast, signal: AbortSignal): AsyncGenerator<CollectedItem> {
  const observedAt = SAMPLE_START + SAMPLE_DAYS * 86_400_000;
  for (const [at, member] of cast.servers.entries()) {
    if (signal.aborted) return;
    const inventory = inventoryOf(cast, member, at);
    yield { kind: 'inventory', inventory, observedAt };
    const load = cast.loadOf(member);
    if (load === null) continue;
    const batches = simulate(
      { ...load, memoryBytes: member.memoryGib * GIBIBYTE },
      {
        from: SAMPLE_START,
        days: SAMPLE_DAYS,
        interval: INTERVAL,
        utcOffsetMinutes: SAMPLE_OFFSET,
        seed: 1000 + at,
        disks: (inventory.disks ?? []).map(({ name }) => name),
        nics: ['eth0'],
        gaps: member.gaps,
      },
    );
    yield { kind: 'samples', server: inventory.identity, batches };
    // Lets a cancellation through between two servers.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Locally administered addresses would be no identity; these are of the maker of many such boards. */
const macOf = (server: number, port: number): string =>
  `00:22:19:${[server >> 8, server & 255, port].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
export const addressOf = (server: number): string =>
  `10.20.${Math.floor(server / 200)}.${10 + (server % 200)}`;

function inventoryOf(cast: Cast, member: CastMember, at: number): ServerInventory {
  const operatingSystem = cast.operatingSystemOf(member);
  const family = operatingSystem.family === 'windows' ? 'windows' : 'linux';
  const { ports } = member;
  const machine = member.machine === 'virtual' ? MACHINES.r620 : MACHINES[member.machine];
  const hardware =
    member.machine === 'virtual'
      ? virtualMachine()
      : { vendor: machine.vendor, model: machine.model, chassis: machine.chassis };
  const identity: ServerIdentity = {
    name: member.name,
    fqdn: `${member.name}.harbour.example`,
    serial: `HB${String(70_000 + at * 37)}`,
    macs: Array.from({ length: ports }, (_, port) => macOf(at, port)),
  };
  const diskName = (disk: number): string =>
    family === 'windows' ? `${disk} ${'CDEFG'[disk]}:` : `sd${'abcde'[disk]}`;
  return {
    identity,
    ...hardware,
    firmware: {
      kind: machine.firmware,
      ...(machine.firmware === 'uefi' ? { secureBoot: member.secureBoot } : {}),
      vendor: machine.vendor,
    },
    processors: [machine.processor],
    memoryBytes: member.memoryGib * GIBIBYTE,
    devices: member.machine === 'virtual' ? [] : devicesOf(machine, ports, family, member.extra),
    drivers: member.machine === 'virtual' ? [] : driversOf(machine, family),
    disks: member.disks.map(([gib], disk) => ({
      name: diskName(disk),
      bytes: gib * GIBIBYTE,
      model: 'LOGICAL VOLUME',
      bus: member.fibreChannel && disk > 0 ? 'fc' : 'raid',
      rotational: true,
      sectorBytes: 512,
      removable: false,
      system: disk === 0,
      partitionTable: machine.firmware === 'uefi' || gib > 2048 ? 'gpt' : 'mbr',
    })),
    volumes: member.disks.map(([gib, used], disk) => ({
      name: family === 'windows' ? `${'CDEFG'[disk]}:` : `${diskName(disk)}1`,
      mountPoint: family === 'windows' ? `${'CDEFG'[disk]}:` : disk === 0 ? '/' : `/data${disk}`,
      fileSystem: family === 'windows' ? 'ntfs' : member.os === 'rhel7' ? 'xfs' : 'ext4',
      bytes: gib * GIBIBYTE,
      usedBytes: Math.round(gib * used * GIBIBYTE),
      kind: 'partition',
      disks: [diskName(disk)],
      ...(member.encryption === undefined ? {} : { encryption: member.encryption }),
    })),
    raidControllers: [],
    hostBusAdapters: member.fibreChannel
      ? [
          {
            name: 'host7',
            kind: 'fc',
            wwpns: [
              `21:00:00:24:ff:00:${(at >> 4).toString(16).padStart(2, '0')}:${at.toString(16).padStart(2, '0')}`,
            ],
            driver: 'qla2xxx',
          },
        ]
      : [],
    networkInterfaces: interfacesOf(member, at, ports),
    operatingSystem,
    roles: member.roles,
    services: member.services.map((name) => ({ name, startType: 'auto', running: true })),
    software: [],
    vendorAgents:
      member.machine === 'virtual' ? [] : machine.agents.map((name) => ({ name, vendor: machine.vendor })),
    listeners: member.listens.map((port) => ({
      protocol: port === 53 ? 'udp' : 'tcp',
      address: '0.0.0.0',
      port,
    })),
    connections: member.talksTo.map(([name, port], index) => ({
      protocol: 'tcp',
      localAddress: addressOf(at),
      localPort: 49_152 + index,
      remoteAddress: addressOf(cast.servers.findIndex((other) => other.name === name)),
      remotePort: port,
    })),
    gaps: [],
  };
}

function interfacesOf(
  member: CastMember,
  at: number,
  ports: number,
): NonNullable<ServerInventory['networkInterfaces']> {
  const address = { addresses: [`${addressOf(at)}/16`], gateway: '10.20.255.254', dhcp: false };
  const physical = Array.from({ length: ports }, (_, port) => ({
    name: `eth${port}`,
    mac: macOf(at, port),
    kind: 'physical' as const,
    speed: member.machine === 'bl460g8' ? 10e9 : 1e9,
    up: port === 0 || member.team,
    ...(port === 0 && !member.team ? address : { addresses: [] }),
  }));
  const top = member.team ? 'bond0' : 'eth0';
  const team = member.team
    ? [
        {
          name: 'bond0',
          mac: macOf(at, 0),
          kind: 'bond' as const,
          members: physical.map(({ name }) => name),
          teamMode: 'active-backup',
          up: true,
          ...(member.vlan === undefined ? address : { addresses: [] }),
        },
      ]
    : [];
  const vlan =
    member.vlan === undefined
      ? []
      : [
          {
            name: `${top}.${member.vlan}`,
            kind: 'vlan' as const,
            vlan: member.vlan,
            members: [top],
            up: true,
            ...address,
          },
        ];
  return [...physical, ...team, ...vlan];
}
