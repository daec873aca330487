/** arcconf (Adaptec, IBM ServeRAID), tw_cli (3ware), mpt-status and sas2ircu (LSI Fusion-MPT), megasasctl. */
import type { RaidController } from '../../../store/model/inventory.ts';
import { safeBytes, known, usable, wholeNumber } from '../text.ts';
import {
  field,
  listOrNothing,
  MAX_CONTROLLERS,
  MAX_DISKS,
  shortLines,
  sizeOf,
  textsOf,
  type LogicalDisk,
  type MemberDisk,
  type RaidTool,
} from './controller.ts';

type Full = RaidController & { logicalDisks: LogicalDisk[]; physicalDisks: MemberDisk[] };

const full = (name: string): Full => ({ name, logicalDisks: [], physicalDisks: [] });

const clean = (controllers: readonly Full[]): RaidController[] =>
  controllers.map((each) =>
    known({
      ...each,
      logicalDisks: listOrNothing(each.logicalDisks.map((disk) => known(disk))),
      physicalDisks: listOrNothing(each.physicalDisks.map((disk) => known(disk))),
    }),
  );

export const arcconf: RaidTool = {
  id: 'arcconf',
  drivers: ['aacraid', 'smartpqi'],
  read: (sections) => textsOf(sections, /^arcconf:/u).flatMap(parseArcconf),
};

type AdaptecDevice = MemberDisk & { isDisk?: boolean; vendor?: string };

/** `getconfig N`: `Logical Device number 0`, `Device #0` and fields below them. Sizes are in mebibytes, written MB. */
export function parseArcconf(text: string): RaidController[] {
  const controller = full('Adaptec controller');
  let logical: LogicalDisk | null = null;
  let member: AdaptecDevice | null = null;
  let seen = false;
  const members: AdaptecDevice[] = [];
  for (const line of shortLines(text)) {
    const volume = /^Logical [Dd]evice number (\d{1,5})$/u.exec(line.trim());
    if (volume !== null && controller.logicalDisks.length < MAX_DISKS) {
      controller.logicalDisks.push((logical = { name: volume[1]! }));
      member = null;
      continue;
    }
    if (/^Device #\d+$/u.test(line.trim()) && members.length < MAX_DISKS) {
      members.push((member = {}));
      logical = null;
      continue;
    }
    if (/^Device is a Hard drive$/u.test(line.trim()) && member !== null) member.isDisk = true;
    const of = field(line.trim());
    if (of === null) continue;
    if (of.name === 'Controller Model') {
      controller.name = of.value;
      seen = true;
    } else if (of.name === 'Firmware' || of.name === 'BIOS') {
      if (of.name === 'Firmware' && member === null) controller.firmware ??= of.value;
    } else if (logical !== null) {
      if (/^Logical [Dd]evice name$/u.test(of.name)) logical.name = usable(of.value) ?? logical.name;
      else if (of.name === 'RAID level') logical.level = `RAID ${of.value}`;
      else if (of.name === 'Size') logical.bytes = sizeOf(of.value, 1024);
      else if (/^Status of [Ll]ogical [Dd]evice$/u.test(of.name)) logical.state = of.value;
    } else if (member !== null) {
      if (of.name === 'State') member.state = of.value;
      else if (of.name === 'Vendor') member.vendor = of.value;
      else if (of.name === 'Model') member.model = `${member.vendor ?? ''} ${of.value}`.trim();
      else if (/^Serial [Nn]umber$/u.test(of.name)) member.serial = usable(of.value);
      else if (of.name === 'Total Size' || of.name === 'Size') member.bytes ??= sizeOf(of.value, 1024);
      else if (of.name.startsWith('Reported Location')) member.slot = usable(of.value);
    }
  }
  // Enclosures are devices too.
  controller.physicalDisks = members
    .filter(({ isDisk }) => isDisk === true)
    .map(({ slot, model, serial, bytes, state }) => ({ slot, model, serial, bytes, state }));
  return seen ? clean([controller]) : [];
}

export const threeWare: RaidTool = {
  id: 'tw_cli',
  drivers: ['3w-9xxx', '3w-xxxx', '3w-sas'],
  read: (sections) => parseThreeWare(textsOf(sections, /^tw_cli(?::|$)/u).join('\n')),
};

/** `show` (cards), `/c0 show` (units and ports), `/c0/p0 show all` (model and serial). GB is binary, blocks are exact. */
export function parseThreeWare(text: string): RaidController[] {
  const controllers: Full[] = [];
  const models = new Map<string, { model?: string; serial?: string; bytes?: number | undefined }>();
  for (const line of shortLines(text)) {
    const card = /^(c\d{1,3})\s+(\S+)\s+\d+\s+\d+\s+\d+/u.exec(line);
    const unit = /^(u\d{1,3})\s+(RAID-\S+|SPARE|JBOD|SINGLE)\s+(\S+)\s/u.exec(line);
    const port =
      /^(p\d{1,3})\s+(\S+)\s+(?:u\d+|-)\s+(\d+(?:\.\d+)? [MGT]B|-)\s+(?:\S+\s+\d+\s+)?(\d{1,15}|-)\s+(\S.*)$/u.exec(
        line,
      );
    const detail = /^\/c\d+\/(p\d{1,3}) (Model|Serial|Capacity) = (.+)$/u.exec(line);
    if (card !== null && controllers.length < MAX_CONTROLLERS) controllers.push(full(`3ware ${card[2]!}`));
    else if (unit !== null) {
      const columns = line.split(/\s+/u);
      // The size is the last figure with a point in it.
      const size = columns.findLast((column) => /^\d+\.\d+$/u.test(column));
      const disks = current(controllers).logicalDisks;
      if (disks.length < MAX_DISKS)
        disks.push({
          name: unit[1]!,
          level: unit[2]!.replace('RAID-', 'RAID '),
          bytes: size === undefined ? undefined : sizeOf(`${size} GB`, 1024),
          state: unit[3]!,
        });
    } else if (port !== null && port[2] !== 'NOT-PRESENT') {
      const blocks = wholeNumber(port[4]);
      const disks = current(controllers).physicalDisks;
      // With blocks the last column is the serial number, otherwise the model.
      if (disks.length < MAX_DISKS)
        disks.push({
          slot: port[1]!,
          bytes: blocks === undefined ? sizeOf(port[3], 1024) : safeBytes(blocks * 512),
          state: port[2]!,
          serial: usable(port[5]),
        });
    } else if (detail !== null && models.size < MAX_DISKS) {
      const of = models.get(detail[1]!) ?? {};
      if (detail[2] === 'Model') of.model = detail[3]!;
      else if (detail[2] === 'Serial') of.serial = detail[3]!;
      else {
        const blocks = wholeNumber(/\((\d{1,15}) Blocks\)/u.exec(detail[3]!)?.[1]);
        if (blocks !== undefined) of.bytes = safeBytes(blocks * 512);
      }
      models.set(detail[1]!, of);
    }
  }
  for (const [slot, of] of models) {
    const disks = current(controllers).physicalDisks;
    const disk = disks.find((each) => each.slot === slot);
    if (disk === undefined) disks.push({ slot, ...of });
    else Object.assign(disk, of);
  }
  return clean(controllers);
}

function current(controllers: Full[]): Full {
  if (controllers.length === 0) controllers.push(full('3ware controller'));
  return controllers.at(-1)!;
}

export const mptStatus: RaidTool = {
  id: 'mpt-status',
  drivers: ['mptsas', 'mptspi', 'mptscsih'],
  read: (sections) => textsOf(sections, /^mpt-status$/u).flatMap(parseMptStatus),
};

/** `mpt-status -n -s`: `ioc:0 vol_id:0 type:IM raidlevel:RAID-1 num_disks:2 size(GB):148 state: OPTIMAL ...`. */
export function parseMptStatus(text: string): RaidController[] {
  const controllers = new Map<string, Full>();
  for (const line of shortLines(text)) {
    const match = /^ioc:(\d{1,3}) (vol_id|phys_id):(\d{1,5}) (.*)$/u.exec(line);
    if (match === null) continue;
    let controller = controllers.get(match[1]!);
    if (controller === undefined) {
      if (controllers.size >= MAX_CONTROLLERS) continue;
      controllers.set(match[1]!, (controller = full('Fusion-MPT controller')));
    }
    const rest = match[4]!;
    const bytes = sizeOf(`${/\bsize\(GB\):(\d+)/u.exec(rest)?.[1] ?? ''} GB`, 1024);
    const state = /\bstate: (\S+)/u.exec(rest)?.[1];
    if (match[2] === 'vol_id' && controller.logicalDisks.length < MAX_DISKS)
      controller.logicalDisks.push({
        name: match[3]!,
        level: /\braidlevel:RAID-(\S+)/u.exec(rest)?.[1]?.replace(/^/u, 'RAID '),
        bytes,
        state,
      });
    else if (match[2] === 'phys_id' && controller.physicalDisks.length < MAX_DISKS) {
      const vendor = /\bvendor:(\S+)/u.exec(rest)?.[1];
      const product = /\bproduct_id:(.{1,60}?)\s*revision:/u.exec(rest)?.[1];
      controller.physicalDisks.push({
        slot: match[3]!,
        model: usable(`${vendor ?? ''} ${product ?? ''}`),
        bytes,
        state,
      });
    }
  }
  return clean([...controllers.values()]);
}

export const sasIrcu: RaidTool = {
  id: 'sas2ircu',
  drivers: ['mpt2sas', 'mpt3sas'],
  read: (sections) => textsOf(sections, /^sas[23]ircu:/u).flatMap(parseSasIrcu),
};

/** `N display`: `IR volume 1` and `Device is a Hard disk`, fields below them; sizes in mebibytes. */
export function parseSasIrcu(text: string): RaidController[] {
  const controller = full('SAS controller');
  let logical: LogicalDisk | null = null;
  let member: (MemberDisk & { enclosure?: string; vendor?: string }) | null = null;
  let seen = false;
  for (const line of shortLines(text)) {
    const words = line.trim();
    const volume = /^IR volume (\d{1,4})$/iu.exec(words);
    if (volume !== null && controller.logicalDisks.length < MAX_DISKS) {
      controller.logicalDisks.push((logical = { name: `volume ${volume[1]!}` }));
      member = null;
    } else if (/^Device is an? Hard disk$/iu.test(words) && controller.physicalDisks.length < MAX_DISKS) {
      controller.physicalDisks.push((member = {}));
      logical = null;
    } else if (/^Device is an? /iu.test(words)) [logical, member] = [null, null];
    const of = field(words);
    if (of === null) continue;
    const megabytes = /^Size \(in MB\)(?:\/\(in sectors\))?$/u.test(of.name)
      ? /^(\d{1,12})(?:\/(\d{1,15}))?$/u.exec(of.value)
      : null;
    const bytes =
      megabytes === null
        ? undefined
        : megabytes[2] === undefined
          ? safeBytes(Number(megabytes[1]) * 1024 ** 2)
          : safeBytes(Number(megabytes[2]) * 512);
    if (of.name === 'Controller type') {
      controller.name = of.value;
      seen = true;
    } else if (of.name === 'Firmware version') controller.firmware = of.value;
    else if (logical !== null) {
      if (of.name === 'RAID level') logical.level = of.value.replace(/^RAID(?=\d)/u, 'RAID ');
      else if (of.name === 'Status of volume') logical.state = of.value;
      else if (bytes !== undefined) logical.bytes = bytes;
    } else if (member !== null) {
      if (of.name === 'Enclosure #') member.enclosure = of.value;
      else if (of.name === 'Slot #') member.slot = `${member.enclosure ?? ''}:${of.value}`.replace(/^:/u, '');
      else if (of.name === 'State') member.state = of.value;
      else if (of.name === 'Manufacturer') member.vendor = of.value;
      else if (of.name === 'Model Number') member.model = `${member.vendor ?? ''} ${of.value}`.trim();
      else if (of.name === 'Serial No') member.serial = usable(of.value);
      else if (bytes !== undefined) member.bytes = bytes;
    }
  }
  controller.physicalDisks = controller.physicalDisks.map(({ slot, model, serial, bytes, state }) => ({
    slot,
    model,
    serial,
    bytes,
    state,
  }));
  return seen ? clean([controller]) : [];
}

export const megasasctl: RaidTool = {
  id: 'megasasctl',
  drivers: ['megaraid_sas'],
  read: (sections) => textsOf(sections, /^megasasctl$/u).flatMap(parseMegasasctl),
};

/** `a0 PERC H700 ...`, `a0d0 1675GiB RAID 10 3x2 optimal`, `a0e32s0 SEAGATE ST3600057SS 558GiB a0d0 online`. */
export function parseMegasasctl(text: string): RaidController[] {
  const controllers = new Map<string, Full>();
  for (const line of shortLines(text)) {
    const head = /^(a\d{1,3})\s+(\S.*?)\s+bios:\S*(?:\s+fw:(\S+))?/u.exec(line);
    const volume = /^(a\d{1,3})(d\d{1,3})\s+(\d+[KMGTP]iB)\s+(RAID \d+)\s+\S+\s+(\S+)/u.exec(line);
    const disk = /^(a\d{1,3})(e\S{1,10}?s\d{1,4})\s+(\S.*?)\s+(\d+[KMGTP]iB)\s+(?:a\d+d\d+\s+)?(\S.*)$/u.exec(
      line,
    );
    if (head !== null && controllers.size < MAX_CONTROLLERS)
      controllers.set(head[1]!, { ...full(head[2]!), firmware: head[3] });
    else if (volume !== null) {
      const disks = controllers.get(volume[1]!)?.logicalDisks;
      if (disks !== undefined && disks.length < MAX_DISKS)
        disks.push({
          name: volume[2]!,
          bytes: sizeOf(volume[3], 1024),
          level: volume[4]!,
          state: volume[5]!,
        });
    } else if (disk !== null) {
      const disks = controllers.get(disk[1]!)?.physicalDisks;
      if (disks !== undefined && disks.length < MAX_DISKS)
        disks.push({
          slot: disk[2]!,
          model: disk[3]!.replace(/\s+/gu, ' '),
          bytes: sizeOf(disk[4], 1024),
          state: usable(disk[5]),
        });
    }
  }
  return clean([...controllers.values()]);
}
