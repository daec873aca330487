/** Virtual PC and Virtual Server: .vmc, XML in UTF-16. */
import { basename, extname } from 'node:path';
import type { DescribedDisk, MachineDialect } from './machine.ts';
import { macAddress, slashes, wholeNumber } from './values.ts';
import { attribute, childrenOf, find, parseXml, rootName, textAt, type XmlElement } from './xml.ts';

export const vmc: MachineDialect = {
  id: 'vmc',
  name: 'Virtual PC (.vmc)',
  extensions: ['.vmc'],
  recognises: (text) => rootName(text) === 'preferences',
  disksAnywhere: false,
  parse(text, path) {
    const hardware = find(parseXml(text, path), 'hardware');
    const board = find(hardware, 'pci_bus');
    return {
      // The machine is called as its file.
      name: basename(path, extname(path)),
      cpus: 1,
      memoryMiB: wholeNumber(textAt(hardware, 'memory', 'ram_size')),
      firmware: 'bios',
      guestOs: null,
      disks: readDisks(board),
      nics: childrenOf(find(board, 'ethernet_adapter'), 'ethernet_controller').map((card) => ({
        mac: macAddress(textAt(card, 'ethernet_card_address')),
        model: null,
        network: textAt(card, 'virtual_network', 'name'),
        vlan: null,
      })),
      findings: [],
    };
  },
};

/** `drive_type` of a location. */
const HARD_DISK = '1';

function readDisks(board: XmlElement | null): DescribedDisk[] {
  const disks: DescribedDisk[] = [];
  for (const bus of ['ide', 'scsi'] as const) {
    const controllers = childrenOf(find(board, `${bus}_adapter`), `${bus}_controller`);
    for (const controller of controllers.sort(byId)) {
      for (const location of childrenOf(controller, 'location').sort(byId)) {
        if (textAt(location, 'drive_type') !== HARD_DISK) continue;
        const [relative, absolute] = ['relative', 'absolute'].map((kind) =>
          textAt(location, 'pathname', kind),
        );
        const source = relative ?? absolute ?? null;
        if (source === null) continue;
        disks.push({
          bus,
          controller: null,
          slot: `${bus}${attribute(controller, 'id') ?? '0'}:${attribute(location, 'id') ?? '0'}`,
          source,
          places: [relative, absolute].flatMap((place) =>
            place === null || place === undefined ? [] : slashes(place),
          ),
        });
      }
    }
  }
  return disks;
}

const byId = (a: XmlElement, b: XmlElement): number =>
  (wholeNumber(attribute(a, 'id')) ?? 0) - (wholeNumber(attribute(b, 'id')) ?? 0);
