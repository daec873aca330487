/** hpacucli, hpssacli and ssacli of HP and HPE: `ctrl all show config [detail]`, and the shorter listings. */
import type { RaidController } from '../../../store/model/inventory.ts';
import { known, usable } from '../text.ts';
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

export const smartArray: RaidTool = {
  id: 'ssacli',
  drivers: ['hpsa', 'cciss', 'smartpqi'],
  read: (sections) => textsOf(sections, /^ssacli:/u).flatMap(parseSmartArray),
};

/** Sizes of physical drives are decimal, those of logical drives binary; both are called GB. */
export function parseSmartArray(text: string): RaidController[] {
  const controllers: (RaidController & { logicalDisks: LogicalDisk[]; physicalDisks: MemberDisk[] })[] = [];
  let controller: (typeof controllers)[number] | null = null;
  let logical: LogicalDisk | null = null;
  let member: MemberDisk | null = null;
  for (const line of shortLines(text)) {
    const words = line.trim();
    const head = /^(\S.* in Slot \S+(?: \(Embedded\))?)(?:\s+\(sn: \S+\s*\))?$/u.exec(line);
    if (head !== null) {
      if (controllers.length >= MAX_CONTROLLERS) break;
      controller = { name: head[1]!, logicalDisks: [], physicalDisks: [] };
      controllers.push(controller);
      [logical, member] = [null, null];
      continue;
    }
    if (controller === null) continue;
    // In one line, `logicaldrive 1 (2.2 TB, RAID 1+0, OK)`, or as the head of a block.
    const volume = /^(?:logicaldrive (\d{1,5})(?: \(([^()]*)\))?|Logical Drive: (\d{1,5}))$/u.exec(words);
    const disk = /^physicaldrive (\S{1,40})(?: \(([^()]*(?:\([^()]*\)[^()]*)?)\))?$/u.exec(words);
    if (volume !== null && controller.logicalDisks.length < MAX_DISKS) {
      logical = logicalDisk(controller.logicalDisks, volume[1] ?? volume[3]!, volume[2]);
      member = null;
    } else if (disk !== null && controller.physicalDisks.length < MAX_DISKS) {
      member = memberDisk(controller.physicalDisks, disk[1]!, disk[2]);
      logical = null;
    } else if (
      /^(?:array \S+|unassigned|Array: \S+|SEP .*|Expander .*|Enclosure .*|Port Name: .*)(?: \(.*)?$/iu.test(
        words,
      )
    ) {
      [logical, member] = [null, null];
    } else {
      const of = field(words);
      if (of === null) continue;
      if (member !== null) memberField(member, of);
      else if (logical !== null) logicalField(logical, of);
      else if (of.name === 'Firmware Version') controller.firmware ??= of.value;
      else if (of.name === 'PCI Address (Domain:Bus:Device.Function)')
        controller.address = of.value.toLowerCase();
      else if (of.name === 'Driver Name') controller.driver ??= of.value;
    }
  }
  return controllers.map((each) =>
    known<RaidController>({
      ...each,
      logicalDisks: listOrNothing(each.logicalDisks.map((disk) => known(disk))),
      physicalDisks: listOrNothing(each.physicalDisks.map((disk) => known(disk))),
    }),
  );
}

function logicalDisk(all: LogicalDisk[], number: string, summary: string | undefined): LogicalDisk {
  const name = `logicaldrive ${number}`;
  let disk = all.find((each) => each.name === name);
  if (disk === undefined) all.push((disk = { name }));
  const [size, level, state] = summary?.split(',').map((part) => part.trim()) ?? [];
  disk.bytes ??= sizeOf(size, 1024);
  disk.level ??= usable(level);
  disk.state ??= usable(state);
  return disk;
}

/** Listed with its array and again as a spare of another: one disk. */
function memberDisk(all: MemberDisk[], slot: string, summary: string | undefined): MemberDisk {
  // The block of one disk is headed `1:1` on old versions; its port follows.
  let disk = all.find((each) => each.slot === slot);
  if (disk === undefined) all.push((disk = { slot }));
  const parts = summary?.split(',').map((part) => part.trim()) ?? [];
  disk.bytes ??= sizeOf(
    parts.find((part) => /^\d+(?:\.\d+)? [MGTP]B$/u.test(part)),
    1000,
  );
  disk.state ??= usable(
    parts.slice(1).find((part) => /^(?:OK|Failed|Predictive Failure|Rebuilding|.*Erase.*)$/iu.test(part)),
  );
  return disk;
}

function memberField(disk: MemberDisk, of: { name: string; value: string }): void {
  if (of.name === 'Serial Number') disk.serial = usable(of.value);
  else if (of.name === 'Model') disk.model = usable(of.value.replace(/\s+/gu, ' '));
  else if (of.name === 'Size') disk.bytes = sizeOf(of.value, 1000);
  else if (of.name === 'Status') disk.state = usable(of.value);
  else if (of.name === 'Port' && /^\d+:\d+$/u.test(disk.slot ?? '')) disk.slot = `${of.value}:${disk.slot!}`;
}

function logicalField(disk: LogicalDisk, of: { name: string; value: string }): void {
  if (of.name === 'Size') disk.bytes = sizeOf(of.value, 1024);
  else if (of.name === 'Fault Tolerance')
    disk.level = /^\d/u.test(of.value) ? `RAID ${of.value}` : usable(of.value);
  else if (of.name === 'Status') disk.state = usable(of.value);
}
