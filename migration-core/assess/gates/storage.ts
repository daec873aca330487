/** W3, W4, W5, W21, W22, W23: what disks hang on, who shares them, how they are put together. */
import type { PhysicalDisk } from '../../store/model/inventory.ts';
import { mbrLimit, remapAbove, sectorBytes } from '../rules/gates.ts';
import { formatBytes, listed, notSeen, type GateRule, type Subject } from './gate.ts';
import { notSized } from './limits.ts';

const onSan = (disk: PhysicalDisk): boolean => disk.bus === 'fc' || disk.bus === 'iscsi';

export const w3: GateRule = {
  id: 'W3',
  severity: 'warning',
  title: 'Fibre Channel, hardware iSCSI or tape',
  rules: [remapAbove],
  find(subject) {
    const { inventory } = subject.facts;
    const { hostBusAdapters, devices } = inventory ?? {};
    const tapes = (devices ?? [])
      .filter(
        ({ name, className }) =>
          className === 'TapeDrive' || /\b(?:tape|ultrium|lto-?\d)\b/iu.test((name ?? '').slice(0, 300)),
      )
      .map(({ name }) => name ?? 'tape drive');
    const adapters = (hostBusAdapters ?? [])
      .filter(({ kind }) => kind === 'fc' || kind === 'iscsi')
      .map(({ name }) => name);
    const ports = (devices ?? [])
      .filter(({ classId }) => classId?.toLowerCase().startsWith('0c04') === true)
      .map(({ name }) => name ?? 'Fibre Channel adapter');
    const found = [...adapters, ...(adapters.length === 0 ? ports : []), ...tapes];
    if (found.length === 0)
      return hostBusAdapters === undefined && devices === undefined
        ? notSeen(subject, 'hostBusAdapters', 'it has Fibre Channel adapters or tape drives')
        : null;
    return {
      because: `It uses ${listed(found)}.`,
      fix:
        tapes.length > 0 && adapters.length + ports.length === 0
          ? 'Leave tapes with a server that keeps them, and back up the machine over the network.'
          : advice(subject),
      evidence: found,
    };
  },
};

/** SR-99, SR-107, SR-108: how the machine reaches LUNs. */
function advice({ facts, context }: Subject): string {
  const { platform, rules } = context;
  const data = (facts.inventory?.disks ?? []).filter((disk) => onSan(disk) && disk.system !== true);
  const bytes = data.reduce((sum, disk) => sum + (disk.bytes ?? 0), 0);
  const reach = platform.npiv
    ? `give the machine world wide names of its own (NPIV of ${platform.name})`
    : 'reach them by iSCSI from inside the guest';
  return bytes > rules.value(remapAbove)
    ? `Copy the system disk only, and map the ${formatBytes(bytes)} of data on the SAN to the machine: ${reach}, with zones and masks for every host it may run on.`
    : `Copy the data into virtual disks, or ${reach}.`;
}

export const w4: GateRule = {
  id: 'W4',
  severity: 'warning',
  title: 'Shared or raw disks',
  rules: [],
  find(subject) {
    const { facts, estate, roles } = subject;
    const disks = facts.inventory?.disks;
    const luns = facts.annotations.luns ?? [];
    // The paths of a disk have one name, and a LUN may be named as its disk is.
    const shared = [...new Set([...(disks ?? []).map(({ wwn }) => wwn), ...luns])].flatMap((id) => {
      const seen = id === undefined ? undefined : estate.sharedDisks.get(id);
      return seen === undefined ? [] : [{ id: id!, ...seen }];
    });
    const inCluster = roles.has('cluster');
    if (shared.length > 0) {
      const others = [...new Set(shared.flatMap(({ names }) => names))].filter((name) => name !== facts.name);
      const most = shared.reduce((highest, { count }) => Math.max(highest, count), 0);
      return {
        because: `It shares ${listed(shared.map(({ id }) => id))} with ${most > 4 ? `${most - 1} servers, among them ${listed(others.slice(0, 3))}` : others.length === 0 ? 'a server of the same name' : listed(others)}${inCluster ? '' : ', and no cluster that keeps them from writing at once was seen'}.`,
        fix: 'Move all servers that share a disk together, with raw mapping or a disk in shared mode, and let no other host see the LUN.',
        evidence: shared.map(
          ({ id, names, count }) => `${id}: ${count} servers, ${listed(names.slice(0, 3))}`,
        ),
      };
    }
    if (luns.length > 0)
      return {
        because: `It keeps the LUN ${listed(luns)}.`,
        fix: 'Let every host that it may run on see the LUN, and no other.',
        evidence: luns,
      };
    if (disks === undefined) return notSeen(subject, 'disks', 'it shares disks with other servers');
    const san = disks.filter(onSan).map(({ name }) => name);
    if (!inCluster || san.length === 0) return null;
    return {
      because: `It is a node of a cluster with ${listed(san)} on a SAN, which the other nodes may see too.`,
      fix: 'Name the other nodes, and move the cluster as a whole.',
      evidence: san,
    };
  },
};

/** Names of the collectors for what lies between disks and file systems. */
const LAYERS: [RegExp, string][] = [
  [/^ldm$|^dynamic$/u, 'dynamic disks of Windows'],
  [/^storage-spaces$/u, 'Storage Spaces'],
  [/^raid\d*$|^md$|^linear$/u, 'software RAID'],
  [/^zfs$/u, 'ZFS'],
  [/^mpath$/u, 'multipath'],
];

export const w5: GateRule = {
  id: 'W5',
  severity: 'warning',
  title: 'Disks joined by the system',
  rules: [],
  find(subject) {
    const { volumes, disks } = subject.facts.inventory ?? {};
    if (volumes === undefined && disks === undefined)
      return notSeen(subject, 'volumes', 'the system joins its disks');
    const found = new Map<string, string[]>();
    const put = (word: string | undefined, name: string): void => {
      const layer = LAYERS.find(([pattern]) => pattern.test(word?.toLowerCase() ?? ''))?.[1];
      if (layer !== undefined) found.set(layer, [...(found.get(layer) ?? []), name]);
    };
    for (const volume of volumes ?? []) put(volume.kind, volume.name);
    // The bus `raid` is a controller: one disk for the system.
    for (const disk of disks ?? []) {
      put(disk.partitionTable, disk.name);
      if (disk.bus === 'storage-spaces') put(disk.bus, disk.name);
      if ((disk.paths ?? []).length > 0) put('mpath', disk.name);
    }
    if (found.size === 0)
      return volumes === undefined ? notSeen(subject, 'volumes', 'the system joins its disks') : null;
    return {
      because: `The system joins its disks itself: ${listed([...found.keys()])}.`,
      fix: 'Copy all disks of the set at one moment, and make the volume simple after the move, for the host has the redundancy.',
      evidence: [...found].map(([layer, names]) => `${layer}: ${listed(names)}`),
    };
  },
};

export const w21: GateRule = {
  id: 'W21',
  severity: 'warning',
  title: 'Sectors of another size',
  rules: [sectorBytes],
  find(subject) {
    const disks = subject.facts.inventory?.disks;
    const usual = subject.context.rules.value(sectorBytes);
    if (disks === undefined || (disks.length > 0 && disks.every((disk) => disk.sectorBytes === undefined)))
      return notSeen(subject, 'disks', `its disks have sectors of ${usual} bytes`, 'info');
    const other = disks.filter((disk) => disk.sectorBytes !== undefined && disk.sectorBytes !== usual);
    if (other.length === 0) return null;
    return {
      because: `${listed(other.map(({ name }) => name))} has sectors of ${other[0]!.sectorBytes} bytes, where virtual disks have ${usual}.`,
      fix: 'Choose a disk format and controller with such sectors, or copy files onto a new disk instead of sectors.',
      evidence: other.map(({ name, sectorBytes: bytes }) => `${name}: ${bytes}`),
    };
  },
};

export const w22: GateRule = {
  id: 'W22',
  severity: 'warning',
  title: 'Disk too large for a BIOS',
  rules: [mbrLimit],
  find(subject) {
    const { disks, firmware } = subject.facts.inventory ?? {};
    if (disks === undefined) return notSeen(subject, 'disks', 'a disk is too large for a BIOS');
    const limit = subject.context.rules.value(mbrLimit);
    const large = disks.filter((disk) => disk.bytes !== undefined && disk.bytes > limit);
    if (large.length === 0) return null;
    if (firmware?.kind === undefined && large.some(({ partitionTable }) => partitionTable === undefined))
      return notSeen(subject, 'firmware', `it starts a disk of more than ${formatBytes(limit)} by a BIOS`);
    const bad = large.filter(
      ({ partitionTable, system }) =>
        partitionTable === 'mbr' ||
        partitionTable === 'dos' ||
        (firmware?.kind === 'bios' && system !== false),
    );
    if (bad.length === 0) return null;
    return {
      because: `${listed(bad.map(({ name }) => name))} has ${formatBytes(bad[0]!.bytes!)}, and a BIOS with an MBR reaches ${formatBytes(limit)}.`,
      fix: 'Keep the disk the system starts from below that size, or change to UEFI and GPT.',
      evidence: bad.map(({ name, bytes }) => `${name}: ${formatBytes(bytes!)}`),
    };
  },
};

/** SR-93. */
export const w23: GateRule = {
  id: 'W23',
  severity: 'warning',
  title: 'Growing disks for a critical server',
  rules: [],
  find({ sized }) {
    if (sized === null) return notSized('its disks are allocated at once');
    if (sized.provisioningFor !== 'critical' && sized.provisioningFor !== 'high') return null;
    const thin = sized.disks.filter(({ provisioning }) => provisioning === 'thin').map(({ name }) => name);
    if (thin.length === 0) return null;
    return {
      because: `${listed(thin)} would grow as needed, and a critical server must not wait for space or find none.`,
      fix: 'Allocate all space when the disk is made.',
      evidence: thin,
    };
  },
};
