/**
 * Makes resources/devices/{pci,usb}.ids.gz from the lists of the PCI ID and USB ID projects. Run by hand when they are to be
 * renewed, never at run time:
 *
 *   apt-get install pci.ids usb.ids
 *   node resources/devices/build.ts [/usr/share/misc/pci.ids [/var/lib/usbutils/usb.ids]]
 *
 * Kept are vendors, devices, subsystems (PCI), and the classes; left away are comments and the interfaces, languages,
 * HID usages and terminal types of usb.ids. Same lists, same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const KEPT = {
  // Vendor, device, subsystem; class, subclass, interface.
  pci: /^(?:[0-9a-f]{4} {2}|\t[0-9a-f]{4} {2}|\t\t[0-9a-f]{4} [0-9a-f]{4} {2}|C [0-9a-f]{2} {2}|\t[0-9a-f]{2} {2}|\t\t[0-9a-f]{2} {2})\S/u,
  usb: /^(?:[0-9a-f]{4} {2}|\t[0-9a-f]{4} {2}|C [0-9a-f]{2} {2}|\t[0-9a-f]{2} {2}|\t\t[0-9a-f]{2} {2})\S/u,
};

function compact(kind: 'pci' | 'usb', text: string): string {
  const version = /^#\s*Version:\s*(\S+)/mu.exec(text)?.[1] ?? 'unknown';
  const kept: string[] = [];
  let inside = false;
  for (const line of text.split('\n')) {
    // A line at the margin that is no vendor and no class begins a part that is left away with all below it.
    if (/^[^\t#]/u.test(line)) inside = KEPT[kind].test(line);
    if (inside && KEPT[kind].test(line)) kept.push(line.trimEnd());
  }
  return `# ${kind}.ids ${version}; licence: see LICENCE.txt\n${kept.join('\n')}\n`;
}

const [pci = '/usr/share/misc/pci.ids', usb = '/var/lib/usbutils/usb.ids'] = process.argv.slice(2);
for (const [kind, file] of [
  ['pci', pci],
  ['usb', usb],
] as const) {
  const packed = gzipSync(compact(kind, readFileSync(file, 'utf8')), { level: 9 });
  writeFileSync(new URL(`${kind}.ids.gz`, import.meta.url), packed);
  process.stdout.write(`${kind}.ids.gz: ${packed.length} bytes\n`);
}
