/**
 * What lspci(8) and lsusb(8) print, in every form people keep: `lspci`, `-n`, `-nn`, `-nnk`, `-v` to `-vvv`, `-mm`,
 * `-vmm` with `-nn` or `-n` and `-k`, the tree `-t` with `-v`, with domains (`-D`) or without; `lsusb`.
 */
import type { Device } from '../../store/model/inventory.ts';
import { known, usable } from './text.ts';

/** Bus 256 with 32 devices of 8 functions each is the most of one PCI domain. */
const MAX_DEVICES = 65_536;
/** A line of lspci is short; the rest of a longer one is left away before patterns see it. */
const MAX_LINE = 2000;

const ADDRESS = String.raw`(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]`;

const HEAD = new RegExp(`^(${ADDRESS}) (.*)$`, 'iu');
/** `-[0000:00]-+-00.0`, `-+-[0000:ff]-+-08.0`. */
const TREE = /^\s*-(?:\+-)?\[[0-9a-f]{4}/iu;

/** Lines that begin a device and were not understood are given to `problem` (line number from 1). */
export function parseLspci(
  text: string,
  problem: (line: number, excerpt: string) => void = () => undefined,
): Device[] {
  const lines = text
    .split('\n')
    .map((line) => (line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line).trimEnd());
  if (lines.some((line) => /^Slot:\t/u.test(line))) return parseRecords(lines);
  // sosreport puts the tree below the list: where there is a list, it is enough.
  if (!lines.some((line) => HEAD.test(line)) && lines.some((line) => TREE.test(line)))
    return parseTree(lines, problem);
  return parseLines(lines, problem);
}

/** `-vmm`: one field a line, an empty line between devices. */
function parseRecords(lines: readonly string[]): Device[] {
  const devices: Device[] = [];
  let fields = new Map<string, string>();
  const close = (): void => {
    const slot = fields.get('Slot');
    if (slot !== undefined && devices.length < MAX_DEVICES) {
      const [type, vendor, name] = ['Class', 'Vendor', 'Device'].map((field) => nameAndId(fields.get(field)));
      devices.push(
        known<Device>({
          bus: 'pci',
          address: fullAddress(slot),
          vendorId: vendor?.id,
          deviceId: name?.id,
          subsystemVendorId: nameAndId(fields.get('SVendor'))?.id,
          subsystemId: nameAndId(fields.get('SDevice'))?.id,
          classId:
            type?.id === undefined
              ? undefined
              : type.id + (/^[0-9a-f]{2}$/u.exec(fields.get('ProgIf') ?? '')?.[0] ?? ''),
          className: type?.name,
          vendor: vendor?.name,
          name: name?.name,
          driver: usable(fields.get('Driver')),
        }),
      );
    }
    fields = new Map();
  };
  for (const line of lines) {
    const match = /^([A-Za-z]+):\t(.*)$/u.exec(line);
    if (match === null) close();
    else {
      // Two devices without an empty line between them: a file that was cut and joined.
      if (match[1] === 'Slot') close();
      if (!fields.has(match[1]!)) fields.set(match[1]!, match[2]!);
    }
  }
  close();
  return devices;
}

/** `Ethernet controller [0200]`, `0200`, `Ethernet controller`; `Device [8086:1533]` has the part behind the colon. */
function nameAndId(text: string | undefined): { name?: string; id?: string } | undefined {
  if (text === undefined) return undefined;
  const bare = /^[0-9a-f]{4}$/u.exec(text);
  if (bare !== null) return { id: bare[0] };
  const match = /^(.*?)\s*\[([0-9a-f]{4})\]$/u.exec(text);
  const name = match === null ? usable(text) : usable(match[1]);
  // What lspci calls a device it has no name for; ours may be newer.
  const said = name === undefined || /^(?:Device|Vendor)(?: [0-9a-f]{4})?$/u.test(name) ? {} : { name };
  return { ...said, ...(match === null ? {} : { id: match[2]! }) };
}

function parseLines(lines: readonly string[], problem: (line: number, excerpt: string) => void): Device[] {
  const devices: Device[] = [];
  let current: Device | null = null;
  for (const [index, line] of lines.entries()) {
    const head = HEAD.exec(line);
    if (head !== null && devices.length < MAX_DEVICES) {
      current = deviceLine(head[1]!, head[2]!);
      if (current === null) problem(index + 1, line);
      else devices.push(current);
    } else if (/^\s/u.test(line) && current !== null) detail(current, line.trim());
    else if (line !== '' && !TREE.test(line)) {
      current = null;
      problem(index + 1, line);
    }
  }
  return devices.map((device) => known(device));
}

/** `Class [0200]: Vendor Device [8086:1533] (rev 01) (prog-if 00 [Normal decode])`, with numbers, names or both. */
function deviceLine(address: string, rest: string): Device | null {
  const machine = /^"([^"]*)" "([^"]*)" "([^"]*)"(.*)$/u.exec(rest);
  if (machine !== null) return machineLine(address, machine);
  const progIf = /\(prog-if ([0-9a-f]{2})/u.exec(rest)?.[1] ?? '';
  const body = rest.replace(/(?: \(rev [0-9a-f]{2}\))?(?: \(prog-if [0-9a-f]{2}.*\))?$/u, '').trim();
  const colon = body.indexOf(': ');
  if (colon < 0) return null;
  const type = nameAndId(body.slice(0, colon).replace(/^Class (?=[0-9a-f]{4}$)/u, ''));
  const subject = body.slice(colon + 2);
  const ids = /(?:^|\[)([0-9a-f]{4}):([0-9a-f]{4})\]?$/u.exec(subject);
  const name = ids === null ? subject : subject.slice(0, ids.index).trim();
  return {
    bus: 'pci',
    address: fullAddress(address),
    vendorId: ids?.[1],
    deviceId: ids?.[2],
    classId: type?.id === undefined ? undefined : type.id + progIf,
    className: type?.name,
    // Vendor and device stand in one text; with numbers they are told apart by our own list.
    // lspci itself cuts long lines: `[808...`.
    name: ids === null ? usable(name.replace(/\s*\[[0-9a-f:]{0,9}\.\.\.$/u, '')) : undefined,
  };
}

/** `-mm`: `"Class [0200]" "Vendor [8086]" "Device [1533]" -r01 -p00 "SVendor [103c]" "SDevice [0003]"`. */
function machineLine(address: string, parts: RegExpExecArray): Device {
  const [type, vendor, name] = [parts[1], parts[2], parts[3]].map((part) => nameAndId(part));
  const progIf = / -p([0-9a-f]{2})/u.exec(parts[4]!)?.[1] ?? '';
  const subsystem = /"([^"]*)" "([^"]*)"\s*$/u.exec(parts[4]!);
  return {
    bus: 'pci',
    address: fullAddress(address),
    vendorId: vendor?.id,
    deviceId: name?.id,
    subsystemVendorId: nameAndId(subsystem?.[1])?.id,
    subsystemId: nameAndId(subsystem?.[2])?.id,
    classId: type?.id === undefined ? undefined : type.id + progIf,
    className: type?.name,
    vendor: vendor?.name,
    name: name?.name,
  };
}

function detail(device: Device, line: string): void {
  const driver = /^Kernel driver in use: (\S+)$/u.exec(line)?.[1];
  if (driver !== undefined) device.driver = driver;
  // Bridges say it in a capability: `Capabilities: [40] Subsystem: ... [103c:18a8]`.
  const subsystem = /(?:^|\] )Subsystem: (?:.*\[)?([0-9a-f]{4}):([0-9a-f]{4})\]?$/u.exec(line);
  if (subsystem !== null) {
    device.subsystemVendorId ??= subsystem[1];
    device.subsystemId ??= subsystem[2];
  }
}

/**
 * `-t -v`: ` |  +-02.0-[03]--+-00.0  Vendor Device [8086:1533]`. The bus of a device stands in brackets in front of it, on
 * its own line or on the line where its column began. A range `[04-05]` begins with the bus below the bridge.
 */
function parseTree(lines: readonly string[], problem: (line: number, excerpt: string) => void): Device[] {
  const devices: Device[] = [];
  /** Buses that are open, by the column their devices are drawn in. */
  let open: { column: number; bus: string }[] = [];
  let domain = '0000';
  for (const [index, line] of lines.entries()) {
    if (line === '') continue;
    const before = devices.length;
    let understood = false;
    const first = /[0-9a-f[]/iu.exec(line)?.index ?? line.length;
    open = open.filter(({ column }) => column <= first);
    for (const match of line.matchAll(
      /\[(?:([0-9a-f]{4,8}):)?([0-9a-f]{2})(?:-[0-9a-f]{2})?\]-|([0-9a-f]{2}\.[0-7])(?=-\[|-|\s|$)/giu,
    )) {
      // Names of devices may look like anything; they begin after two blanks.
      const name = / {2}\S/u.exec(line.slice(first))?.index;
      if (name !== undefined && match.index > first + name) break;
      understood = true;
      if (match[2] !== undefined) {
        domain = match[1] ?? domain;
        open.push({ column: match.index + match[0].length, bus: `${domain}:${match[2]}` });
      } else {
        const bus = open.findLast(({ column }) => column <= match.index)?.bus;
        if (bus === undefined || devices.length >= MAX_DEVICES) continue;
        const rest = line.slice(match.index + match[3]!.length);
        const ids = /\[([0-9a-f]{4}):([0-9a-f]{4})\]$/u.exec(rest);
        const own = /^ {2}\S/u.test(rest);
        devices.push(
          known<Device>({
            bus: 'pci',
            address: `${bus}:${match[3]!}`.toLowerCase(),
            vendorId: own ? ids?.[1] : undefined,
            deviceId: own ? ids?.[2] : undefined,
            name: own && ids === null ? usable(rest) : undefined,
          }),
        );
      }
    }
    if (!understood && devices.length === before) problem(index + 1, line);
  }
  return devices;
}

/** `Bus 002 Device 004: ID 0781:5583 SanDisk Corp. ...`. */
export function parseLsusb(
  text: string,
  problem: (line: number, excerpt: string) => void = () => undefined,
): Device[] {
  const devices: Device[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.slice(0, MAX_LINE).trimEnd();
    const match = /^Bus (\d{3}) Device (\d{3}): ID ([0-9a-f]{4}):([0-9a-f]{4})(?: (.*))?$/u.exec(line);
    if (match !== null && devices.length < MAX_DEVICES)
      devices.push({
        bus: 'usb',
        address: `${match[1]!}:${match[2]!}`,
        vendorId: match[3],
        deviceId: match[4],
      });
    // `lsusb -v` has indented descriptors below each device.
    else if (
      line !== '' &&
      !/^\s/u.test(line) &&
      !/^(?:Device Descriptor|Device Status|Couldn't|can't|Binary Object|Device Qualifier)/iu.test(line)
    )
      problem(index + 1, line);
  }
  return devices;
}

/** With its domain: `02:00.0` is `0000:02:00.0`. */
export const fullAddress = (address: string): string =>
  (/^[0-9a-f]{2}:[0-9a-f]{2}\./iu.test(address) ? `0000:${address}` : address).toLowerCase();
