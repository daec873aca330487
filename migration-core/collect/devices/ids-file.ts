/**
 * The names of PCI and USB devices in resources/devices (made by build.ts there): unpacked at the first question, then each
 * vendor is read when it is asked for. The grammar is that of pci.ids: a vendor at the margin, its devices after one tab,
 * their subsystems after two; classes the same after `C `.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { IronliftError } from '../../base/errors.ts';

export type DeviceBus = 'pci' | 'usb';

/** The lists grow by some kilobytes a year; pci.ids of 2023 has 1.3 MB. */
const MAX_UNPACKED = 16 << 20;

interface Names {
  text: string;
  /** Where the lines of a vendor (`8086`) or a class (`C 01`) begin. */
  offsets: Map<string, number>;
  /** Of the entries that were asked for: `8086` is the vendor, `8086:1533` a device, `8086:1533:103c:0003` a subsystem. */
  entries: Map<string, Map<string, string>>;
}

const loaded = new Map<DeviceBus, Names>();

/** @throws CATALOGUE_DAMAGED where the file of the installation is missing or broken */
function namesOf(bus: DeviceBus): Names {
  const ready = loaded.get(bus);
  if (ready !== undefined) return ready;
  let text: string;
  try {
    const packed = readFileSync(new URL(`../../../resources/devices/${bus}.ids.gz`, import.meta.url));
    text = gunzipSync(packed, { maxOutputLength: MAX_UNPACKED }).toString('utf8');
  } catch (cause) {
    throw new IronliftError('CATALOGUE_DAMAGED', `The list of ${bus.toUpperCase()} devices cannot be read.`, {
      next: 'Install Ironlift again; the list came with it.',
      cause,
    });
  }
  const offsets = new Map<string, number>();
  for (const match of text.matchAll(/^(C [0-9a-f]{2}|[0-9a-f]{4}) {2}/gmu))
    offsets.set(match[1]!, match.index);
  const names = { text, offsets, entries: new Map<string, Map<string, string>>() };
  loaded.set(bus, names);
  return names;
}

/** All names below a vendor or class, itself as ''. */
function entriesOf(bus: DeviceBus, head: string): Map<string, string> | undefined {
  const names = namesOf(bus);
  const ready = names.entries.get(head);
  const offset = names.offsets.get(head);
  if (ready !== undefined || offset === undefined) return ready;
  const entries = new Map<string, string>();
  let at = offset;
  let parent = '';
  for (;;) {
    const end = names.text.indexOf('\n', at);
    const line = names.text.slice(at, end < 0 ? undefined : end);
    if (at !== offset && !line.startsWith('\t')) break;
    const match = /^(\t{0,2})(C [0-9a-f]{2}|[0-9a-f]{4} [0-9a-f]{4}|[0-9a-f]{2,4}) {2}(.*)$/u.exec(line);
    if (match !== null) {
      const id = match[2]!.replace(' ', ':');
      if (match[1] === '') entries.set('', match[3]!);
      else if (match[1] === '\t') entries.set((parent = id), match[3]!);
      else entries.set(`${parent}:${id}`, match[3]!);
    }
    if (end < 0) break;
    at = end + 1;
  }
  names.entries.set(head, entries);
  return entries;
}

/** Name of a vendor (four hexadecimal digits, lower case). */
export const vendorName = (bus: DeviceBus, vendor: string): string | undefined =>
  entriesOf(bus, vendor)?.get('');

export const deviceName = (bus: DeviceBus, vendor: string, device: string): string | undefined =>
  entriesOf(bus, vendor)?.get(device);

/** What the maker of the card calls it; PCI only. */
export const subsystemName = (
  vendor: string,
  device: string,
  subsystemVendor: string,
  subsystem: string,
): string | undefined => entriesOf('pci', vendor)?.get(`${device}:${subsystemVendor}:${subsystem}`);

/**
 * @param classId two, four or six hexadecimal digits: base class, subclass, interface
 * @returns the name of the subclass, else of the base class
 */
export function className(bus: DeviceBus, classId: string): string | undefined {
  const entries = entriesOf(bus, `C ${classId.slice(0, 2)}`);
  return entries?.get(classId.slice(2, 4)) ?? entries?.get('');
}
