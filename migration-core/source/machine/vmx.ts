/**
 * VMware's .vmx: lines `key = "value"`. Keys do not mind capitals; `|22` in a value is the character with that hex code
 * (a quote). What a key means is known from what Workstation and ESXi write.
 */
import type { DescribedDisk, DescribedMachine, DescribedNic, MachineBus, MachineDialect } from './machine.ts';
import { cpuCount, macAddress, slashes, wholeNumber } from './values.ts';

export const vmx: MachineDialect = {
  id: 'vmx',
  name: 'VMware (.vmx)',
  extensions: ['.vmx'],
  recognises: () => true,
  disksAnywhere: false,
  parse,
};

/** Controllers a machine can have of each kind, and places on one. */
const BUSES: readonly { bus: MachineBus; controllers: number; units: number }[] = [
  { bus: 'scsi', controllers: 4, units: 65 },
  { bus: 'sata', controllers: 4, units: 30 },
  { bus: 'nvme', controllers: 4, units: 64 },
  { bus: 'ide', controllers: 2, units: 2 },
];
const MOST_NICS = 10;

function parse(text: string): DescribedMachine {
  const values = readValues(text);
  const firmware = values('firmware')?.toLowerCase();
  const { disks, findings } = readDisks(values);
  return {
    name: values('displayname') ?? '',
    cpus: cpuCount(values('numvcpus')) ?? 1,
    memoryMiB: wholeNumber(values('memsize')),
    firmware: firmware === 'efi' ? 'uefi' : 'bios',
    guestOs: values('guestos'),
    disks: bootFirst(disks, values('bios.hddorder')),
    nics: readNics(values),
    findings,
  };
}

type Values = (key: string) => string | null;

function readValues(text: string): Values {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/u)) {
    // The closing quote may be missing where the file was cut.
    const match = /^\s*([^\s#=][^\s=]*)\s*=\s*"?([^"]*)"?\s*$/u.exec(line);
    if (match === null) continue;
    const value = match[2]!.replaceAll(/\|([0-9a-f]{2})/giu, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    values.set(match[1]!.toLowerCase(), value.trim());
  }
  return (key) => {
    const value = values.get(key);
    return value === undefined || value === '' ? null : value;
  };
}

const isTrue = (value: string | null): boolean => value?.toLowerCase() === 'true';

function readDisks(values: Values): Pick<DescribedMachine, 'disks' | 'findings'> {
  const disks: DescribedDisk[] = [];
  const findings: DescribedMachine['findings'] = [];
  for (const { bus, controllers, units } of BUSES) {
    for (let controller = 0; controller < controllers; controller++) {
      // The two IDE channels are part of the board.
      if (bus !== 'ide' && !isTrue(values(`${bus}${controller}.present`))) continue;
      for (let unit = 0; unit < units; unit++) {
        const slot = `${bus}${controller}:${unit}`;
        const source = values(`${slot}.filename`);
        if (!isTrue(values(`${slot}.present`)) || source === null) continue;
        const type = (values(`${slot}.devicetype`) ?? '').toLowerCase();
        if (type.includes('cdrom') || type.startsWith('atapi') || source.toLowerCase().endsWith('.iso'))
          continue;
        if (type === 'scsi-passthru' || type === 'rawdisk') {
          findings.push({
            severity: 'warning',
            code: 'MACHINE_DISK_LEFT_OUT',
            message: `${slot} (${source}) is a device of the host and is left out.`,
            next: 'Name the device itself as a source if it belongs to the machine.',
          });
          continue;
        }
        const model = values(`${bus}${controller}.virtualdev`);
        disks.push({ bus, controller: model, slot, source, places: [slashes(source)] });
      }
    }
  }
  return { disks, findings };
}

/** `bios.hddOrder = "scsi0:1,scsi0:0"`: the disk the BIOS starts is the first of these. */
function bootFirst(disks: DescribedDisk[], order: string | null): DescribedDisk[] {
  const first = order?.split(',')[0]?.trim().toLowerCase();
  const boot = disks.filter(({ slot }) => slot === first);
  return [...boot, ...disks.filter((disk) => !boot.includes(disk))];
}

function readNics(values: Values): DescribedNic[] {
  const nics: DescribedNic[] = [];
  for (let index = 0; index < MOST_NICS; index++) {
    const key = `ethernet${index}`;
    if (!isTrue(values(`${key}.present`))) continue;
    const kind = values(`${key}.addresstype`)?.toLowerCase() ?? '';
    const given = macAddress(values(`${key}.address`));
    const generated = macAddress(values(`${key}.generatedaddress`));
    nics.push({
      mac: kind === 'static' ? given : (generated ?? given),
      model: values(`${key}.virtualdev`),
      network:
        values(`${key}.networkname`) ??
        values(`${key}.dvs.portgroupid`) ??
        values(`${key}.vnet`) ??
        values(`${key}.connectiontype`)?.toLowerCase() ??
        'bridged',
      vlan: null,
    });
  }
  return nics;
}
