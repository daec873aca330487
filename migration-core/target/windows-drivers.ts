/**
 * Which drivers of Windows a piece of virtual hardware has. Disks need theirs before Windows can read anything: whether they are
 * reached is found out as the fixer of boot drivers does it. Network cards are found by Plug and Play: an INF file that names the
 * card is enough.
 */
import type { GuestDrivers, Hardware } from './guest-drivers.ts';
import { DISK_BUSES, type DiskBus, type NicModel } from './machine.ts';

/** What a Windows has, as guest/windows/loadable-drivers.ts finds it. */
export interface WindowsDrivers {
  /** For each bus the services that reach disks on it, or what is in the way, as a part of a sentence. */
  disks: Readonly<Record<DiskBus, { services: readonly string[] } | { problem: string }>>;
  /** INF files by the hardware IDs they name, in capitals; only of cards of hypervisors. */
  cards: ReadonlyMap<string, string>;
  /** By the same IDs: packages of the sources that Windows does not install by itself, with what is in the way, as a clause. */
  passedOver: ReadonlyMap<string, string>;
}

/** PCI IDs of the cards as hypervisors make them; any of them is named by the INF of a driver that drives the card. */
const CARDS: Record<NicModel, { driver: string; ids: readonly string[] }> = {
  'virtio-net': { driver: 'netkvm', ids: ['PCI\\VEN_1AF4&DEV_1041', 'PCI\\VEN_1AF4&DEV_1000'] },
  vmxnet3: { driver: 'vmxnet3', ids: ['PCI\\VEN_15AD&DEV_07B0'] },
  e1000e: { driver: 'Intel 82574L', ids: ['PCI\\VEN_8086&DEV_10D3'] },
  e1000: { driver: 'Intel 82540EM or 82545EM', ids: ['PCI\\VEN_8086&DEV_100E', 'PCI\\VEN_8086&DEV_100F'] },
  'hyperv-net': { driver: 'netvsc', ids: ['VMBUS\\{F8615163-DF3E-46C5-913F-F2D2F965ED0E}'] },
  tulip: { driver: 'DEC 21140', ids: ['PCI\\VEN_1011&DEV_0009'] },
};

const isBus = (hardware: Hardware): hardware is DiskBus =>
  (DISK_BUSES as readonly string[]).includes(hardware);

export const CARD_IDS: readonly string[] = Object.values(CARDS).flatMap(({ ids }) => ids);

/** Hardware for which the driver comes from the platform's maker, on a medium of its own. */
const FROM_SOURCES: Partial<Record<Hardware, string>> = {
  'virtio-blk': 'the ISO image of virtio-win',
  'virtio-scsi': 'the ISO image of virtio-win',
  'virtio-net': 'the ISO image of virtio-win',
  pvscsi: 'the drivers of VMware Tools',
  vmxnet3: 'the drivers of VMware Tools',
};

export function windowsDriversFor({ disks, cards, passedOver }: WindowsDrivers): GuestDrivers {
  const refusal = (hardware: Hardware): string | undefined =>
    isBus(hardware)
      ? undefined
      : CARDS[hardware].ids.map((id) => passedOver.get(id)).find((why) => why !== undefined);
  const driving = (hardware: Hardware): readonly string[] | null => {
    if (isBus(hardware)) {
      const found = disks[hardware];
      return 'services' in found ? found.services : null;
    }
    const inf = CARDS[hardware].ids.map((id) => cards.get(id)).find((name) => name !== undefined);
    return inf === undefined ? null : [inf];
  };
  return {
    name: 'Windows',
    driving,
    lacking: (hardware) => {
      if (!isBus(hardware))
        return refusal(hardware) ?? `this Windows has no driver for the card (${CARDS[hardware].driver})`;
      const found = disks[hardware];
      return 'problem' in found ? found.problem : '';
    },
    // Its virtio drivers come from sources of today; old ones drive the first form as well, which those machines offer too.
    modernVirtio: true,
    cure: `Name a source of drivers${passedOver.size === 0 ? '' : ' that Microsoft has signed'} with --drivers`,
    better: (hardware) => {
      const refused = hardware.find((one) => driving(one) === null && refusal(one) !== undefined);
      if (refused !== undefined)
        return `For ${refused}, name a source whose driver of it Microsoft has signed (WHQL) with --drivers, or install its driver on the server before the conversion.`;
      const wanted = hardware.find((one) => FROM_SOURCES[one] !== undefined && driving(one) === null);
      return wanted === undefined ? null : `For ${wanted}, name ${FROM_SOURCES[wanted]!} with --drivers.`;
    },
  };
}
