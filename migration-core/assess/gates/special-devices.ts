/** B3, W2, W13: devices that a virtual machine does not have. */
import type { Device } from '../../store/model/inventory.ts';
import { dongles, graphics, specialDevices } from '../rules/gates.ts';
import { listed, notSeen, type GateRule, type Subject } from './gate.ts';

const nameOf = (device: Device): string => {
  const name = [device.vendor, device.name].filter((word) => word !== undefined && word !== '').join(' ');
  const id = `${device.vendorId ?? '????'}:${device.deviceId ?? '????'}`;
  return `${name === '' ? (device.className ?? 'a device') : name} (${id}${device.address === undefined ? '' : ` at ${device.address}`})`;
};
const lower = (text: string | undefined): string => (text ?? '').slice(0, 300).toLowerCase();

/** By the beginnings of words, so that `fax` is in `Data/Fax` and not in `Halifax`. */
const isNamed = (device: Device, words: readonly string[]): boolean =>
  words.length > 0 &&
  `${lower(device.vendor)} ${lower(device.name)}`
    .split(/[^a-z0-9]+/u)
    .some((part) => words.some((word) => part.startsWith(word)));

/** Cards with what they are. */
function special({ facts, context }: Subject): { what: string; device: Device }[] {
  const kinds = context.rules.value(specialDevices);
  return (facts.inventory?.devices ?? []).flatMap((device) => {
    const kind = kinds.find(
      ({ classes, vendors, exceptVendors, windowsClasses, words }) =>
        (device.bus === 'pci' &&
          !exceptVendors.includes(lower(device.vendorId)) &&
          (vendors.includes(lower(device.vendorId)) ||
            classes.some((one) => device.classId !== undefined && lower(device.classId).startsWith(one)) ||
            isNamed(device, words))) ||
        // Windows tells its own class where the bus tells none.
        (device.classId === undefined && windowsClasses.some((one) => one === device.className)),
    );
    return kind === undefined ? [] : [{ what: kind.what, device }];
  });
}

function donglesOf({ facts, context }: Subject): Device[] {
  const { vendors, words } = context.rules.value(dongles);
  return (facts.inventory?.devices ?? []).filter(
    (device) =>
      device.bus === 'usb' &&
      (vendors.includes(lower(device.vendorId)) ||
        words.some((word) => lower(device.name).includes(word) || lower(device.vendor).includes(word))),
  );
}

export const b3: GateRule = {
  id: 'B3',
  severity: 'blocker',
  title: 'Special hardware',
  rules: [specialDevices, dongles],
  find(subject) {
    const { facts, context } = subject;
    if (facts.inventory?.devices === undefined)
      return notSeen(subject, 'devices', 'it has cards that no virtual machine has');
    const cards = special(subject);
    const stuck = facts.annotations.usbOverIp === false ? donglesOf(subject) : [];
    const all = [
      ...cards.map(({ what, device }) => `${what}: ${nameOf(device)}`),
      ...stuck.map((one) => `dongle: ${nameOf(one)}`),
    ];
    if (all.length === 0) return null;
    const through = facts.annotations.passThrough ?? [];
    // Only a person can say that a card goes through: it pins the machine to its host.
    if (stuck.length === 0 && through.length > 0 && context.platform.passThrough)
      return {
        because: `${listed(all)} is handed through to the machine, which is therefore pinned to its host and cannot fail over.`,
        fix: 'Keep a spare card in a second host, and count the machine out of live migration.',
        evidence: all,
        severity: 'warning',
      };
    return {
      because: `It has hardware that no virtual machine has${stuck.length > 0 ? ' and the network cannot reach' : ''}: ${listed(all)}.`,
      fix: context.platform.passThrough
        ? 'Keep the server, replace the card by a device on the network, or hand the card through to the machine, which pins it to one host.'
        : 'Keep the server, or replace the card by a device on the network.',
      evidence: all,
      fixable: false,
    };
  },
};

export const w2: GateRule = {
  id: 'W2',
  severity: 'warning',
  title: 'USB dongle',
  rules: [dongles],
  find(subject) {
    const { facts } = subject;
    if (facts.inventory?.devices === undefined)
      return notSeen(subject, 'devices', 'a licence dongle is plugged in');
    // What cannot be redirected is a blocker, B3.
    if (facts.annotations.usbOverIp === false) return null;
    const found = donglesOf(subject).map(nameOf);
    if (found.length === 0) return null;
    if (facts.annotations.usbOverIp === true)
      return {
        because: `The dongle ${listed(found)} comes over the network.`,
        fix: 'Reserve it for this machine on the USB server before the cut-over.',
        evidence: found,
        severity: 'info',
      };
    return {
      because: `The dongle ${listed(found)} is plugged in, and whether the network can bring it to the machine nobody has said.`,
      fix: 'Try it with a USB server on the network, or ask the maker of the software for a licence without dongle.',
      evidence: found,
    };
  },
};

export const w13: GateRule = {
  id: 'W13',
  severity: 'warning',
  title: 'Graphics processor',
  rules: [graphics],
  find(subject) {
    const { facts, context } = subject;
    const devices = facts.inventory?.devices;
    if (devices === undefined) return notSeen(subject, 'devices', 'it computes on a graphics processor');
    const { classes, consoleClasses, vendors, exceptDevices } = context.rules.value(graphics);
    const found = devices
      .filter(({ bus, classId, vendorId, deviceId }) => {
        const kind = lower(classId).slice(0, 4);
        return (
          bus === 'pci' &&
          (classes.includes(kind) ||
            (consoleClasses.includes(kind) &&
              vendors.includes(lower(vendorId)) &&
              !exceptDevices.includes(`${lower(vendorId)}:${lower(deviceId)}`)))
        );
      })
      .map(nameOf);
    if (found.length === 0) return null;
    return {
      because: `It has the graphics processor ${listed(found)}.`,
      fix: context.platform.passThrough
        ? 'Ask whether anything uses it; if so, hand it through or share it, which pins the machine to hosts with such a card.'
        : `Ask whether anything uses it; ${context.platform.name} cannot hand it to a machine.`,
      evidence: found,
    };
  },
};
