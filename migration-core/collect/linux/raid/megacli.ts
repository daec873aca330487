/** MegaCli of LSI, Avago and Dell: `-LDInfo`, `-PDList`, `-AdpAllInfo`, `-AdpGetPciInfo` and `-ShowSummary`. */
import type { RaidController } from '../../../store/model/inventory.ts';
import { known, usable } from '../text.ts';
import {
  exactSize,
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

export const megacli: RaidTool = {
  id: 'MegaCli',
  drivers: ['megaraid_sas', 'megaraid_mbox', 'megaraid'],
  read: (sections) => parseMegacli(textsOf(sections, /^megacli-/u).join('\n')),
};

interface Adapter extends RaidController {
  logicalDisks: LogicalDisk[];
  physicalDisks: MemberDisk[];
}

/** Any of its outputs, one after another; what belongs to one adapter is joined by its number. */
export function parseMegacli(text: string): RaidController[] {
  const adapters = new Map<string, Adapter>();
  const at = (number: string): Adapter | null => {
    let adapter = adapters.get(number);
    if (adapter === undefined && adapters.size < MAX_CONTROLLERS)
      adapters.set(number, (adapter = { name: 'MegaRAID controller', logicalDisks: [], physicalDisks: [] }));
    return adapter ?? null;
  };
  let adapter: Adapter | null = null;
  let logical: LogicalDisk | null = null;
  let member: (MemberDisk & { enclosure?: string; type?: string; spans?: number }) | null = null;
  let qualifier: number | null = null;
  let pci: { adapter: Adapter | null; bus?: string; device?: string } | null = null;
  for (const line of shortLines(text)) {
    const head = /^(?:Adapter #|Adapter (?=\d+ --)|PCI information for Controller )(\d{1,3})\b/u.exec(
      line.trim(),
    );
    if (head !== null) {
      adapter = at(head[1]!);
      pci = line.startsWith('PCI') ? { adapter } : null;
      [logical, member] = [null, null];
      continue;
    }
    const volume = /^Virtual Drive: (\d{1,5}) /u.exec(line);
    if (volume !== null && adapter !== null && adapter.logicalDisks.length < MAX_DISKS) {
      logical = { name: volume[1]! };
      [member, qualifier] = [null, null];
      adapter.logicalDisks.push(logical);
      continue;
    }
    const of = field(line);
    if (of === null) continue;
    if (of.name === 'Enclosure Device ID' && adapter !== null && adapter.physicalDisks.length < MAX_DISKS) {
      member = { enclosure: of.value };
      logical = null;
      adapter.physicalDisks.push(member);
    } else if (pci !== null) pciField(pci, of);
    else if (logical !== null) {
      if (of.name === 'RAID Level') qualifier = raidNumbers(of.value, logical);
      else if (of.name === 'Span Depth' && qualifier !== null && Number(of.value) > 1)
        logical.level = `RAID ${qualifier}0`;
      else if (of.name === 'Name' && of.value !== '') logical.name = of.value;
      else if (of.name === 'Size') logical.bytes = sizeOf(of.value, 1024);
      else if (of.name === 'State') logical.state = of.value;
    } else if (member !== null) memberField(member, of, line);
    else if (of.name === 'Product Name' && adapter !== null) adapter.name = of.value;
    else if (of.name === 'FW Package Build' && adapter !== null) adapter.firmware = of.value;
  }
  const found = adapters.size > 0 ? [...adapters.values()] : parseSummary(text);
  return found.map(({ logicalDisks, physicalDisks, ...rest }) =>
    known<RaidController>({
      ...rest,
      logicalDisks: listOrNothing(logicalDisks?.map((each) => known(each))),
      physicalDisks: listOrNothing(
        physicalDisks
          // The summary counts enclosures among them, of no size.
          ?.filter(({ bytes }) => bytes !== 0)
          .map(({ slot, model, serial, bytes, state }) => known({ slot, model, serial, bytes, state })),
      ),
    }),
  );
}

function pciField(
  pci: { adapter: Adapter | null; bus?: string; device?: string },
  of: { name: string; value: string },
): void {
  // Hexadecimal without a mark.
  if (!/^[0-9a-f]{1,2}$/iu.test(of.value)) return;
  if (of.name === 'Bus Number') pci.bus = of.value.toLowerCase().padStart(2, '0');
  if (of.name === 'Device Number') pci.device = of.value.toLowerCase().padStart(2, '0');
  if (
    of.name === 'Function Number' &&
    pci.adapter !== null &&
    pci.bus !== undefined &&
    pci.device !== undefined
  )
    pci.adapter.address = `0000:${pci.bus}:${pci.device}.${of.value}`;
}

/** `Primary-1, Secondary-0, RAID Level Qualifier-0`: the first is the level; more than one span makes it 10, 50, 60. */
function raidNumbers(text: string, logical: LogicalDisk): number | null {
  const primary = /Primary-(\d{1,2})/u.exec(text)?.[1];
  if (primary === undefined) return null;
  logical.level = `RAID ${primary}`;
  return Number(primary);
}

function memberField(
  member: MemberDisk & { enclosure?: string; type?: string },
  of: { name: string; value: string },
  line: string,
): void {
  if (of.name === 'Slot Number')
    member.slot =
      member.enclosure === undefined || member.enclosure === 'N/A'
        ? of.value
        : `${member.enclosure}:${of.value}`;
  else if (of.name === 'PD Type') member.type = of.value;
  else if (of.name === 'Raw Size') member.bytes = exactSize(of.value);
  else if (of.name === 'Firmware state') member.state = of.value;
  else if (of.name === 'Inquiry Data') inquiry(member, line.slice(line.indexOf(':') + 1).replace(/^ /u, ''));
}

/** Columns of SCSI INQUIRY (vendor 8, product 16, revision 4) or ATA IDENTIFY (serial 20, model 40, firmware 8). */
function inquiry(member: MemberDisk & { type?: string }, text: string): void {
  const columns =
    member.type === 'SATA' ? { model: [20, 60], serial: [0, 20] } : { model: [0, 24], serial: [28, 60] };
  const model = usable(text.slice(columns.model[0], columns.model[1]).replace(/\s+/gu, ' '));
  if (model !== undefined) member.model = model;
  const serial = usable(text.slice(columns.serial[0], columns.serial[1]));
  if (serial !== undefined) member.serial = serial.split(/\s/u)[0];
}

/** `-ShowSummary`: blocks below `Controller`, `PD` and `Virtual Drives`. */
function parseSummary(text: string): RaidController[] {
  const controllers: Adapter[] = [];
  let current: Adapter | null = null;
  let member: MemberDisk | null = null;
  let logical: LogicalDisk | null = null;
  let vendor = '';
  for (const line of shortLines(text)) {
    const of = field(line.trim());
    if (of === null) continue;
    if (of.name === 'ProductName' && controllers.length < MAX_CONTROLLERS) {
      current = { name: of.value.replace(/\s*\(Bus .*\)$/u, ''), logicalDisks: [], physicalDisks: [] };
      controllers.push(current);
      [member, logical] = [null, null];
    } else if (current === null) continue;
    else if (of.name === 'FW Package Version') current.firmware = of.value;
    else if (of.name === 'Connector' && current.physicalDisks.length < MAX_DISKS) {
      const place = /Encl Pos (\d+).*Slot (\d+)/u.exec(of.value);
      member = known({ slot: place === null ? undefined : `${place[1]!}:${place[2]!}` });
      logical = null;
      current.physicalDisks.push(member);
    } else if (of.name === 'Virtual drive' && current.logicalDisks.length < MAX_DISKS) {
      const named = /^Target Id (\d+)\s*,\s*VD name\s*(.*)$/u.exec(of.value);
      logical = { name: usable(named?.[2]) ?? named?.[1] ?? of.value };
      member = null;
      current.logicalDisks.push(logical);
    } else if (member !== null) {
      if (of.name === 'Vendor Id') vendor = of.value;
      else if (of.name === 'Product Id') member.model = `${vendor} ${of.value}`.trim();
      else if (of.name === 'State') member.state = of.value;
      else if (of.name === 'Capacity') member.bytes = sizeOf(of.value, 1024);
    } else if (logical !== null) {
      if (of.name === 'Size') logical.bytes = sizeOf(of.value, 1024);
      else if (of.name === 'State') logical.state = of.value;
      else if (of.name === 'RAID Level') logical.level = `RAID ${of.value}`;
    }
  }
  return controllers;
}
