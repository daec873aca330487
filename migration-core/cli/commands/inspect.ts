import type { Command } from '../commands.ts';
import { findingsText, printable, printableLines, ProgressLine, table } from '../terminal.ts';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes, formatSeconds, plural } from '../../base/text.ts';
import type { OpenServer } from '../../convert/server.ts';
import type { Guest } from '../../guest/guest.ts';
import { describeWindows, placeOf } from '../../guest/windows/describe.ts';
import type { WindowsFacts } from '../../guest/windows/facts.ts';
import type { SourceMachine } from '../../source/machine/read.ts';
import type { World } from '../world.ts';

export const inspect: Command = {
  help: `Usage: ironlift inspect SOURCE... [--root VOLUME] [--allow-mounted] [--json]

Reads the disks of one server and says what is on them: partitions, volumes, file systems, the operating system, its
firmware, kernels (or version and roles of a Windows), network, vendor software, what would stop a conversion, and how
much there is to copy.
Nothing is written. SOURCE is an image file or a block device; name all disks of the server, the boot disk first. The
description of a virtual machine stands for all its disks: .ova, .ovf, .vmx, .vbox, libvirt .xml, Proxmox .conf, Hyper-V
.xml, .vmc. A disk in a package is named by a path into it: web01.ova/disk1.vmdk.

  --root VOLUME    the volume to take as root where the disks hold several systems, such as disk0p2
  --allow-mounted  look at a disk although it is mounted read-write here
  --json           print one JSON document`,
  options: { root: { type: 'string' }, 'allow-mounted': { type: 'boolean' } },
  async run({ values, positionals }, world) {
    if (positionals.length === 0) {
      throw new IronliftError('USAGE', 'No source is named.', {
        next: 'Run `ironlift inspect SOURCE`, for example on /dev/sda or disk.img.',
      });
    }
    const { openServer } = await import('../../convert/server.ts');
    const begun = world.now();
    const line = new ProgressLine(world);
    const server = await openServer(positionals, {
      now: Math.floor(begun / 1000),
      signal: world.signal,
      onProgress: line.show,
      root: typeof values['root'] === 'string' ? values['root'] : null,
      allowMounted: values['allow-mounted'] === true,
    }).finally(() => line.clear());
    try {
      const toCopy: number[] = [];
      for (const index of server.disks.keys())
        toCopy.push((await server.toCopy(index, false, world.signal)).bytes);
      const seconds = (world.now() - begun) / 1000;
      if (values['json'] === true) world.out(`${JSON.stringify(report(server, toCopy), null, 2)}\n`);
      else world.out(text(server, toCopy, seconds, world));
      return server.findings.some(({ severity }) => severity === 'blocker') ? 3 : 0;
    } finally {
      await server.close();
    }
  },
};

function report(server: OpenServer, toCopy: number[]): Record<string, unknown> {
  return {
    disks: server.disks.map(({ source, table: partitions }, index) => ({
      ...source.description,
      partitionTable: partitions.scheme,
      diskId: partitions.diskId,
      partitions: partitions.partitions,
      bytesToCopy: toCopy[index],
    })),
    volumes: server.volumes.map(({ info, fileSystem }) => ({
      ...info,
      freeBytes: fileSystem?.freeBytes ?? null,
    })),
    guest: server.inspection?.guest ?? null,
    machine: server.machine,
    findings: server.findings,
    convertible: !server.findings.some(({ severity }) => severity === 'blocker'),
  };
}

function text(server: OpenServer, toCopy: number[], seconds: number, world: World): string {
  const guest = server.inspection?.guest;
  const lines: string[] = [];
  if (guest !== undefined) {
    lines.push(
      `${guest.hostName === '' ? 'A server' : guest.hostName}: ${printable(guest.os.name)}, ${guest.architecture}, ${guest.firmware.toUpperCase()} firmware${guest.windows === undefined ? `, ${guest.init}` : ''}`,
      '',
    );
  }
  if (server.machine !== null) lines.push(machineText(server.machine));
  for (const [index, { source, table: partitions }] of server.disks.entries()) {
    const { path, size, model } = source.description;
    const scheme = { gpt: 'GPT', mbr: 'MBR', none: 'no partition table' }[partitions.scheme];
    lines.push(`Disk ${index}: ${path}, ${formatBytes(size)}${model === '' ? '' : `, ${model}`}, ${scheme}`);
    const rows = server.volumes
      .filter(({ info }) => info.disk === index)
      .map(({ info, volume, fileSystem }) => [
        info.id,
        formatBytes(info.size),
        volume.content.description,
        info.label === '' ? '—' : info.label,
        fileSystem === null ? '—' : formatBytes(info.size - fileSystem.freeBytes),
        (guest === undefined ? null : placeOf(guest, info.id)) ?? '—',
      ]);
    if (rows.length > 0)
      lines.push(indent(table(['Volume', 'Size', 'Content', 'Label', 'Used', 'Mounted at'], rows)));
  }
  if (guest !== undefined) {
    lines.push(...(guest.windows === undefined ? kernelsText(guest.kernels) : windowsText(guest.windows)));
    if (guest.interfaces.length > 0) {
      lines.push(
        'Network',
        indent(
          table(
            ['Interface', 'Kind', 'MAC address', 'Addresses'],
            guest.interfaces.map((one) => [
              one.name,
              one.kind,
              one.mac ?? 'not recorded',
              one.addresses.join(', ') || '—',
            ]),
          ),
        ),
      );
    }
    if (guest.agents.length > 0) {
      lines.push(
        'Hardware and hypervisor software',
        indent(
          table(
            ['Software', 'Vendor', 'Services'],
            guest.agents.map((agent) => [agent.name, agent.vendor, agent.services.join(', ')]),
          ),
        ),
      );
    }
  }
  if (server.findings.length > 0) lines.push('Found', findingsText(server.findings, world.columns));
  const bytes = toCopy.reduce((sum, count) => sum + count, 0);
  const size = server.disks.reduce((sum, { source }) => sum + source.description.size, 0);
  const blocked = server.findings.some(({ severity }) => severity === 'blocker');
  lines.push(
    `${blocked ? 'This server cannot be converted as it is.' : 'This server can be converted.'} ${formatBytes(bytes)} of ${formatBytes(size)} on ${plural(server.disks.length, 'disk')} would be copied. Looked at in ${formatSeconds(seconds)}.`,
    '',
  );
  return printableLines(lines.join('\n'));
}

function kernelsText(kernels: Guest['kernels']): string[] {
  const rows = kernels.map(({ version, initramfs, initramfsTool, isDefault }) => [
    version,
    initramfs ?? 'none',
    initramfsTool,
    isDefault ? 'default' : '',
  ]);
  return ['Kernels', indent(table(['Version', 'Initramfs', 'Made by', ''], rows))];
}

function windowsText(windows: WindowsFacts): string[] {
  const rows = describeWindows(windows).map(({ name, value }) => `${name}: ${printable(value)}`);
  return ['Windows', indent(`${rows.join('\n')}\n`)];
}

/** What the description of another platform says. */
function machineText(machine: SourceMachine): string {
  const { name, platform, cpus, memoryMiB, firmware, guestOs, disks, nics } = machine;
  const facts = [
    cpus === null ? 'number of CPUs not said' : plural(cpus, 'CPU'),
    memoryMiB === null ? 'memory not said' : `${memoryMiB} MiB of memory`,
    firmware === null ? 'firmware not said' : `${firmware.toUpperCase()} firmware`,
    ...(guestOs === null ? [] : [guestOs]),
  ];
  const cards = nics.map(({ mac, model, network, vlan }) => [
    mac ?? 'not fixed',
    model ?? '—',
    network ?? '—',
    vlan === null ? '—' : String(vlan),
  ]);
  return [
    `Described as ${name}, ${platform}: ${facts.join(', ')}`,
    indent(
      table(
        ['Disk', 'Bus', 'Controller', 'File'],
        disks.map(({ slot, bus, controller, source }) => [slot, bus, controller ?? '—', source]),
      ),
    ),
    ...(cards.length === 0 ? [] : [indent(table(['MAC address', 'Model', 'Network', 'VLAN'], cards))]),
  ].join('\n');
}

const indent = (block: string): string => block.replace(/^(?=.)/gmu, '  ');
