/** RAID controllers and host bus adapters: from the PCI bus, the vendors' tools where they are installed, and md. */
import type { Device, HostBusAdapter, InventoryGap, RaidController } from '../../store/model/inventory.ts';
import type { Block, Blocks } from './blocks.ts';
import { raidTools } from './raid/table.ts';
import {
  safeBytes,
  byEntry,
  factsOf,
  fileOf,
  known,
  linesOf,
  textOf,
  usable,
  wholeNumber,
  type Sections,
} from './text.ts';

export interface Raid {
  controllers: RaidController[];
  gaps: InventoryGap[];
}

/** PCI class 01 04; and drivers whose controllers call themselves SCSI or SAS and make volumes all the same. */
const RAID_CLASS = /^0104/u;
const RAID_DRIVERS = new Set([
  'megaraid_sas',
  'megaraid_mbox',
  'megaraid',
  'mpi3mr',
  'hpsa',
  'cciss',
  'cpqarray',
  'smartpqi',
  'aacraid',
  'ips',
  'gdth',
  '3w-xxxx',
  '3w-9xxx',
  '3w-sas',
  'arcmsr',
  'dpt_i2o',
  'DAC960',
  'pmcraid',
  'ipr',
  'mptsas',
  'mptspi',
]);

const GENERIC_NAME = /^(?:MegaRAID|SAS|3ware|Adaptec|Fusion-MPT) controller$/u;

const PCI = /[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/gu;

/** The device of the bus closest to the disk: `/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.0/host0/...`. */
const controllerAddress = (path: string | undefined): string | undefined => path?.match(PCI)?.at(-1);

export function raidOf(sections: Sections, devices: readonly Device[], blocks: Blocks): Raid {
  const gaps: InventoryGap[] = [];
  const told = raidTools.flatMap((tool) =>
    tool.read(sections).map((controller) => ({ controller, drivers: tool.drivers, used: false })),
  );
  const volumes = new Map<string, Block[]>();
  for (const block of blocks.values()) {
    const address = block.type === 'disk' ? controllerAddress(block.path) : undefined;
    if (address === undefined) continue;
    const behind = volumes.get(address);
    if (behind === undefined) volumes.set(address, [block]);
    else behind.push(block);
  }
  const cards = devices.filter(
    ({ bus, classId, driver }) =>
      bus === 'pci' && (RAID_CLASS.test(classId ?? '') || RAID_DRIVERS.has(driver ?? '')),
  );
  const controllers = cards.map((card): RaidController => {
    const match =
      told.find(
        ({ controller, used }) =>
          !used && controller.address !== undefined && controller.address === card.address,
      ) ??
      // Two cards of one driver cannot be told apart without an address.
      (cards.filter(({ driver }) => driver === card.driver).length === 1
        ? told.find(
            ({ controller, drivers, used }) =>
              !used && controller.address === undefined && drivers.includes(card.driver ?? ''),
          )
        : undefined);
    if (match !== undefined) match.used = true;
    const own = volumes
      .get(card.address ?? '')
      ?.map((block) => known({ name: block.name.replaceAll('!', '/'), bytes: block.bytes }));
    const name = [card.vendor, card.name].filter((part) => part !== undefined).join(' ');
    if (match?.controller.physicalDisks === undefined)
      gaps.push({
        part: 'raidControllers.physicalDisks',
        why: `RAID volume, members unknown: no tool of the vendor told what is behind ${name || 'the controller'} at ${card.address ?? 'an unknown address'}.`,
        next: 'Install storcli, perccli, ssacli or arcconf, whichever is for this controller, or look at its setup screen.',
      });
    return known<RaidController>({
      ...match?.controller,
      // Outputs of disks alone do not say what the controller is called.
      name:
        match === undefined || (GENERIC_NAME.test(match.controller.name) && name !== '')
          ? name || 'RAID controller'
          : match.controller.name,
      address: card.address,
      driver: card.driver,
      logicalDisks: match?.controller.logicalDisks ?? own,
    });
  });
  const rest = told.filter(({ used }) => !used).map(({ controller }) => controller);
  return { controllers: [...controllers, ...rest, ...softwareRaid(sections, blocks)], gaps };
}

/** /proc/mdstat: `md0 : active raid1 sdb1[1] sda1[0](F)`, then `104320 blocks super 1.2 [2/2] [UU]`. */
function softwareRaid(sections: Sections, blocks: Blocks): RaidController[] {
  const logicalDisks: NonNullable<RaidController['logicalDisks']> = [];
  const physicalDisks: NonNullable<RaidController['physicalDisks']> = [];
  const lines = linesOf(fileOf(sections, '/proc/mdstat'));
  for (const [index, raw] of lines.entries()) {
    const line = raw.slice(0, 4000);
    const head =
      /^(md\S{1,40}) : (active|inactive)(?: \([^)]*\))?(?: (raid\d+|linear|multipath|faulty))?((?: \S+)*)$/u.exec(
        line,
      );
    if (head === null || logicalDisks.length >= 1000) continue;
    const detail = lines[index + 1]?.slice(0, 1000) ?? '';
    const kilobytes = wholeNumber(/^\s+(\d{1,15}) blocks/u.exec(detail)?.[1]);
    const members = /\[(\d{1,4})\/(\d{1,4})\]/u.exec(detail);
    logicalDisks.push(
      known({
        name: head[1]!,
        level: head[3],
        bytes: kilobytes === undefined ? undefined : safeBytes(kilobytes * 1024),
        state:
          head[2] === 'inactive'
            ? 'inactive'
            : members !== null && members[1] !== members[2]
              ? 'degraded'
              : 'clean',
      }),
    );
    for (const member of head[4]!.trim().split(' ').slice(0, 1000)) {
      const part = /^([^[]+)\[\d+\]((?:\([A-Z]\))*)$/u.exec(member);
      if (part === null) continue;
      const block = blocks.get(part[1]!.replaceAll('/', '!'));
      const disk = block === undefined ? undefined : (blocks.get([...block.below][0] ?? '') ?? block);
      physicalDisks.push(
        known({
          slot: part[1]!,
          model: disk?.model,
          serial: disk?.serial,
          bytes: block?.bytes,
          state: part[2]!.includes('F') ? 'failed' : part[2]!.includes('S') ? 'spare' : 'in use',
        }),
      );
    }
  }
  return logicalDisks.length === 0
    ? []
    : [{ name: 'Linux software RAID (md)', driver: 'md', logicalDisks, physicalDisks }];
}

/** Host bus adapters with the world wide names of their ports. RAID controllers are not among them. */
export function hostBusAdaptersOf(sections: Sections, devices: readonly Device[]): HostBusAdapter[] {
  const facts = factsOf(textOf(sections, 'adapters'));
  const byAddress = new Map(
    devices.filter(({ bus }) => bus === 'pci').map((device) => [device.address, device]),
  );
  const adapters: HostBusAdapter[] = [];
  const seen = new Set<string>();
  for (const [host, of] of byEntry(facts, '/sys/class/fc_host')) {
    const card = byAddress.get(controllerAddress(of.get('device') ?? of.get('')));
    adapters.push(
      known<HostBusAdapter>({
        name: usable(of.get('symbolic_name')) ?? card?.name ?? host,
        kind: 'fc',
        wwpns: [worldWideName(of.get('port_name'))].filter((name) => name !== undefined),
        driver: card?.driver ?? facts.get(`/sys/class/scsi_host/${host}/proc_name`),
        speed: gigabits(of.get('speed')),
      }),
    );
    if (card?.address !== undefined) seen.add(card.address);
  }
  for (const [host, of] of byEntry(facts, '/sys/class/iscsi_host'))
    adapters.push(
      known<HostBusAdapter>({
        name: of.get('initiatorname') ?? host,
        kind: 'iscsi',
        wwpns: [],
        driver: facts.get(`/sys/class/scsi_host/${host}/proc_name`),
      }),
    );
  for (const { bus, classId, address, name, driver } of devices) {
    if (bus !== 'pci' || address === undefined || seen.has(address) || RAID_DRIVERS.has(driver ?? ''))
      continue;
    // 0c 04 Fibre Channel without a loaded driver; 01 07 SAS.
    const kind =
      classId?.startsWith('0c04') === true ? 'fc' : classId?.startsWith('0107') === true ? 'sas' : undefined;
    if (kind !== undefined)
      adapters.push(known<HostBusAdapter>({ name: name ?? address, kind, wwpns: [], driver }));
  }
  return adapters;
}

/** `0x10000000c9a1b2c3` with colons. */
export function worldWideName(text: string | undefined): string | undefined {
  const hex = /^(?:0x)?([0-9a-f]{16})$/iu.exec(text?.trim() ?? '')?.[1];
  return hex?.toLowerCase().match(/../gu)!.join(':');
}

const gigabits = (text: string | undefined): number | undefined => {
  const figure = /^(\d{1,3}) ?Gbit/iu.exec(text ?? '')?.[1];
  return figure === undefined ? undefined : Number(figure) * 1e9;
};
