import type { Command, OptionValues } from '../commands.ts';
import { findingsText, fits, labelled, printable, ProgressLine, table, wrap } from '../terminal.ts';
import { commandWord } from '../../base/command-word.ts';
import { IronliftError } from '../../base/errors.ts';
import { formatBytes, formatSeconds, plural } from '../../base/text.ts';
import type { ConversionPreview } from '../../convert/convert.ts';
import type { AllocationChoice, ConvertOptions, NicOption } from '../../convert/options.ts';
import type { Manifest } from '../../convert/manifest.ts';
import type { DiskBus } from '../../target/machine.ts';
import type { World } from '../world.ts';

export const convert: Command = {
  help: `Usage: ironlift convert SOURCE... --to TARGET -o DIR [options]

Turns the disks of a server into a virtual machine: reads the used blocks, prepares the guest for its new hardware,
writes the disks and the configuration of the platform into DIR. The source is only read. Everything is checked before
the first byte is written.

SOURCE is an image file or a block device; name all disks of the server, the boot disk first. The description of a
virtual machine stands for all its disks, and its CPUs, memory, firmware and MAC addresses are taken over unless told:
.ova, .ovf, .vmx, .vbox, libvirt .xml, Proxmox .conf, Hyper-V .xml, .vmc.

  --to TARGET          kvm, proxmox, vmware-esxi, vmware-workstation, ova, hyperv or virtualbox
  -o, --output DIR     folder for the result; new or empty
  --plan               show everything that would be done and write nothing
  --name NAME          name of the machine; the server's host name unless told
  --format FORMAT      disk format, as the target takes it: qcow2 or raw (kvm, proxmox), vmdk (vmware-*, ova),
                       vhdx or vhd (hyperv), vdi or vmdk (virtualbox); its first one unless told
  --allocation HOW     thin (grows, the default), thick (all space allocated) or split2g (grows, in files of 2 GB)
  --bus BUS            disk controller, as the target has it: virtio-blk, virtio-scsi, ahci, ide, pvscsi, lsi-sas,
                       lsi, nvme or hyperv-scsi
  --cpus N             virtual CPUs
  --memory MIB         memory in MiB
  --nic MODE[:NETWORK][,vlan=N][,mac=keep|new|xx:xx:xx:xx:xx:xx]
                       isolated (the default), nat, bridged or host-only; once for each network card
  --root VOLUME        the volume to take as root where the disks hold several systems, such as disk0p2
  --drivers PATH       a folder or CD image (.iso) with drivers for a Windows guest, such as virtio-win.iso; once for
                       each, those named first are preferred
  --whole-disk         copy every block, used or not
  --no-fix             leave the guest as it is
  --no-verify          do not read the finished disks again
  --zero-bad-sectors   put zeros in place of sectors that cannot be read, and list them in the result
  --allow-mounted      read a disk although it is mounted read-write here (the copy may be inconsistent)
  --accept-unclean-ntfs
                       prepare a Windows whose volumes were not closed, as in a copy of a running server; changes of
                       the last seconds before the copy that only the log held are lost in the clone, and Windows
                       checks the disk at its first start
  --force              replace an earlier conversion in DIR
  --keep-partial       leave what was written when the job is cancelled or fails, for \`ironlift resume DIR\`
  --json               print one JSON document`,
  options: {
    to: { type: 'string' },
    output: { type: 'string', short: 'o' },
    plan: { type: 'boolean' },
    name: { type: 'string' },
    format: { type: 'string' },
    allocation: { type: 'string' },
    bus: { type: 'string' },
    cpus: { type: 'string' },
    memory: { type: 'string' },
    nic: { type: 'string', multiple: true },
    drivers: { type: 'string', multiple: true },
    root: { type: 'string' },
    'whole-disk': { type: 'boolean' },
    'no-fix': { type: 'boolean' },
    'no-verify': { type: 'boolean' },
    'zero-bad-sectors': { type: 'boolean' },
    'allow-mounted': { type: 'boolean' },
    'accept-unclean-ntfs': { type: 'boolean' },
    force: { type: 'boolean' },
    'keep-partial': { type: 'boolean' },
  },
  async run({ values, positionals }, world) {
    const options = readOptions(values, positionals);
    const { convertServer, previewConversion } = await import('../../convert/convert.ts');
    const { default: manifest } = await import('../../../package.json', { with: { type: 'json' } });
    const line = new ProgressLine(world);
    const job = {
      now: world.now,
      version: manifest.version,
      signal: world.signal,
      keepPartial: values['keep-partial'] === true,
      onStep: (text: string) => line.say(text),
      onProgress: line.show,
    };
    const json = values['json'] === true;
    try {
      if (values['plan'] === true) {
        const text = await previewConversion(options, job, async (preview) =>
          json ? `${JSON.stringify(planJson(preview, options), null, 2)}\n` : planText(preview, world),
        );
        world.out(text);
        return 0;
      }
      const { folder, manifest: result } = await convertServer(options, job);
      line.clear();
      world.out(
        json
          ? `${JSON.stringify({ folder, ...resultJson(result) }, null, 2)}\n`
          : resultText(folder, result, world),
      );
      return 0;
    } finally {
      line.clear();
    }
  },
};

const ALLOCATIONS = ['thin', 'thick', 'split2g'] as const satisfies readonly AllocationChoice[];

function readOptions(values: OptionValues, sources: string[]): ConvertOptions {
  const text = (name: string): string | null => (typeof values[name] === 'string' ? values[name] : null);
  const number = (name: string): number | null => (text(name) === null ? null : Number(text(name)));
  const allocation = ALLOCATIONS.find((one) => one === (text('allocation') ?? 'thin'));
  const wrong: string[] = [];
  if (text('to') === null) wrong.push('--to names no target');
  if (text('output') === null) wrong.push('-o names no folder for the result');
  if (allocation === undefined) wrong.push('--allocation takes thin, thick or split2g');
  const nics: NicOption[] = [];
  for (const nic of Array.isArray(values['nic']) ? values['nic'] : []) {
    const parsed = readNic(String(nic));
    if (parsed === null) wrong.push(`--nic does not take "${String(nic)}"`);
    else nics.push(parsed);
  }
  if (wrong.length > 0 || allocation === undefined) {
    throw new IronliftError('USAGE', `${wrong.join('; ')}.`, {
      next: 'Run `ironlift convert --help` for what it takes.',
    });
  }
  return {
    sources,
    target: text('to')!,
    output: text('output')!,
    name: text('name'),
    format: text('format'),
    allocation,
    bus: text('bus') as DiskBus | null,
    cpus: number('cpus'),
    memoryMiB: number('memory'),
    nics,
    wholeDisk: values['whole-disk'] === true,
    fix: values['no-fix'] !== true,
    verify: values['no-verify'] !== true,
    force: values['force'] === true,
    root: text('root'),
    zeroBadSectors: values['zero-bad-sectors'] === true,
    allowMounted: values['allow-mounted'] === true,
    acceptUncleanNtfs: values['accept-unclean-ntfs'] === true,
    drivers: (Array.isArray(values['drivers']) ? values['drivers'] : []).map(String),
  };
}

/** `bridged:br0,vlan=12,mac=keep`; null where it is not that. */
export function readNic(text: string): NicOption | null {
  const [head = '', ...settings] = text.split(',');
  const [mode = '', network] = head.split(/:(.*)/su);
  if (mode !== 'isolated' && mode !== 'nat' && mode !== 'bridged' && mode !== 'host-only') return null;
  const nic: NicOption = {
    mode,
    network: network === undefined || network === '' ? null : network,
    vlan: null,
    mac: 'keep',
  };
  for (const setting of settings) {
    const [key, value = ''] = setting.split('=');
    if (key === 'vlan' && /^\d{1,4}$/u.test(value) && Number(value) >= 1 && Number(value) <= 4094)
      nic.vlan = Number(value);
    else if (key === 'mac' && /^(keep|new|[0-9a-f]{2}(:[0-9a-f]{2}){5})$/iu.test(value))
      nic.mac = value.toLowerCase();
    else return null;
  }
  return nic;
}

function planJson(
  { plan, destination, findings, server }: ConversionPreview,
  { acceptUncleanNtfs }: ConvertOptions,
): Record<string, unknown> {
  return {
    plan: {
      target: plan.target.id,
      machine: plan.machine,
      guest: server.inspection?.guest ?? null,
      changes: plan.fixes.flatMap(({ fixer, edits }) =>
        edits.map(({ what, why, action }) => ({ fixer, what, why, action: action.kind, path: action.path })),
      ),
      hardware: plan.hardware,
      findings,
      acceptUncleanNtfs,
      bytesToCopy: plan.toCopy.map((list) => list.bytes),
      needBytes: plan.needBytes,
      output: destination.folder,
      files: [
        ...(plan.target.packaging === undefined
          ? plan.machine.disks.map(({ file }) => file)
          : [plan.target.packaging.fileName(plan.machine)]),
        ...plan.target.configure(plan.machine).map(({ name }) => name),
      ],
    },
  };
}

function machineText(
  { name, cpus, memoryMiB, firmware }: Manifest['machine'],
  hardware: readonly { what: string; source: string; virtual: string }[],
  columns: number,
): string {
  const rows = table(
    ['Hardware', 'Physical server', 'Virtual machine'],
    hardware.map(({ what, source, virtual }) => [what, source, virtual]),
  );
  return [
    `Virtual machine ${name}: ${plural(cpus, 'CPU')}, ${memoryMiB} MiB of memory, ${firmware.toUpperCase()} firmware`,
    '',
    fits(rows, columns)
      ? rows
      : `Hardware of the server -> and of the virtual machine\n${labelled(
          hardware.map(({ what, source, virtual }) => [what, `${source} -> ${virtual}`]),
          columns,
        )}`,
  ].join('\n');
}

function planText({ plan, destination, findings }: ConversionPreview, world: World): string {
  const changes = plan.fixes.flatMap(({ edits }) => edits);
  const bytes = plan.toCopy.reduce((sum, list) => sum + list.bytes, 0);
  return [
    machineText(plan.machine, plan.hardware, world.columns),
    `Changes to the guest (${changes.length}), made on the copy:`,
    ...changes.map(
      ({ what, why }, index) =>
        `${wrap(`  ${index + 1}. ${what}`, world.columns, '     ')}\n${wrap(`     ${why}`, world.columns, '     ')}`,
    ),
    '',
    ...(findings.length === 0 ? [] : ['Found:', findingsText(findings, world.columns)]),
    `To copy: ${formatBytes(bytes)}, to ${printable(destination.folder)}. Nothing was written.`,
    '',
  ].join('\n');
}

/** The record without the contents kept for undo, which are long. */
export function resultJson(manifest: Manifest): Record<string, unknown> {
  return {
    ...manifest,
    edits: manifest.edits.map(({ before, ...edit }) => ({ ...edit, before: before.kind })),
  };
}

export function resultText(folder: string, manifest: Manifest, world: World): string {
  const seconds = manifest.timings.reduce((sum, step) => sum + step.seconds, 0);
  const skipped = manifest.disks.reduce((sum, disk) => sum + disk.skippedBytes, 0);
  const copied = manifest.disks.reduce((sum, disk) => sum + disk.dataBytes, 0);
  const verified = manifest.disks.every((disk) => disk.verified);
  const warnings = manifest.findings.filter(
    ({ severity, code }) => severity !== 'info' || code === 'DESTINATION_SPLIT',
  );
  return [
    '',
    machineText(manifest.machine, manifest.hardware ?? [], world.columns),
    ...(warnings.length === 0 ? [] : ['Found:', findingsText(warnings, world.columns)]),
    wrap(
      `Done in ${formatSeconds(seconds)}: ${formatBytes(copied)} copied, ${formatBytes(skipped)} not needed, ` +
        `${plural(manifest.edits.length, 'change')} to the guest, ${verified ? 'verified' : 'not verified'}.`,
      world.columns,
      '  ',
    ),
    `The machine is in ${printable(folder)}; README.txt there says how to bring it up.`,
    `Try it now: ironlift boot-test ${commandWord(printable(folder))}`,
    '',
  ].join('\n');
}
