/**
 * Hyper-V up to 2012 R2: `Virtual Machines/GUID.xml`, a tree of settings with their types as attributes. Later versions
 * write the binary .vmcx, which nothing but Hyper-V reads.
 */
import { basename, dirname } from 'node:path';
import type { DescribedDisk, DescribedMachine, DescribedNic, MachineDialect } from './machine.ts';
import { cpuCount, macAddress, slashes, vlanNumber, wholeNumber } from './values.ts';
import { below, find, parseXml, rootName, textAt, type XmlElement } from './xml.ts';

export const hyperv: MachineDialect = {
  id: 'hyperv',
  name: 'Hyper-V (XML of 2008 to 2012 R2)',
  extensions: ['.xml'],
  recognises: (text) => rootName(text) === 'configuration',
  disksAnywhere: false,
  // An export has the description in `Virtual Machines` and the disks in `Virtual Hard Disks` beside it.
  folder: (path) => (basename(dirname(path)) === 'Virtual Machines' ? dirname(dirname(path)) : dirname(path)),
  parse(text, path) {
    return readConfiguration(parseXml(text, path));
  },
};

function readConfiguration(root: XmlElement): DescribedMachine {
  return {
    name: textAt(root, 'properties', 'name') ?? '',
    cpus: cpuCount(textAt(root, 'settings', 'processors', 'count')) ?? 1,
    // In MiB.
    memoryMiB: wholeNumber(textAt(root, 'settings', 'memory', 'bank', 'size')),
    // Generation 2, which has nothing but UEFI, is subtype 1.
    firmware: textAt(root, 'properties', 'subtype') === '1' ? 'uefi' : 'bios',
    guestOs: null,
    disks: readDisks(root),
    nics: readNics(root),
    findings: [],
  };
}

/** A controller has elements `controllerN`, these `driveN`; a drive of the type VHD is a disk. */
function readDisks(root: XmlElement): DescribedDisk[] {
  const disks: DescribedDisk[] = [];
  for (const device of root.children) {
    for (const controller of device.children) {
      if (!/^controller\d+$/u.test(controller.name)) continue;
      for (const drive of controller.children) {
        const source = textAt(drive, 'pathname');
        if (!/^drive\d+$/u.test(drive.name) || source === null || textAt(drive, 'type') !== 'VHD') continue;
        // The two IDE controllers share a device; every SCSI controller is one of its own.
        const ide = device.children.some(({ name }) => name === 'controller1');
        disks.push({
          bus: ide ? 'ide' : 'scsi',
          controller: null,
          slot: `${controller.name}:${drive.name}`,
          source,
          places: placesOf(source),
        });
      }
    }
  }
  // A machine of generation 1 starts from IDE.
  return disks.sort((a, b) => Number(b.bus === 'ide') - Number(a.bus === 'ide'));
}

/** Exports are moved, and then the paths in them are of another computer; the names of folders stay. */
function placesOf(source: string): string[] {
  const file = slashes(source).split('/').at(-1)!;
  return [slashes(source), `Virtual Hard Disks/${file}`, file];
}

function readNics(root: XmlElement): DescribedNic[] {
  return root.children
    .filter((device) => find(device, 'MacAddress') !== null)
    .map((device) => ({
      mac: macAddress(textAt(device, 'MacAddress')),
      model: find(device, 'FriendlyName')?.text.trim() ?? null,
      network: textAt(device, 'SwitchName') ?? textAt(device, 'Connection', 'AltSwitchName'),
      vlan: vlanOf(device),
    }));
}

function vlanOf(device: XmlElement): number | null {
  for (const { name, text } of below(device))
    if (/^(AccessVlan(Id)?|VlanId)$/iu.test(name)) return vlanNumber(text);
  return null;
}
