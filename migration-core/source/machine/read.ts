/** From the path of a machine's description to the machine and the paths of its disks. */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Finding } from '../../base/finding.ts';
import { isPackage, packageFiles } from '../../image/package/format.ts';
import { openReadFile } from '../../image/read-file.ts';
import { locateDisks } from './locate.ts';
import type { DescribedDisk, DescribedMachine, DescribedNic, MachineDialect } from './machine.ts';
import { notUnderstood } from './refusals.ts';
import { machineDialects } from './table.ts';
import { decodeText } from './text.ts';

/** A machine of another platform, with its disks found. Plain values. */
export interface SourceMachine {
  /** The description as the user named it. */
  path: string;
  /** MachineDialect.id, and its name for people. */
  dialect: string;
  platform: string;
  name: string;
  cpus: number | null;
  memoryMiB: number | null;
  firmware: 'bios' | 'uefi' | null;
  guestOs: string | null;
  /** `path`: can be opened as a source. */
  disks: (Omit<DescribedDisk, 'places'> & { path: string })[];
  nics: DescribedNic[];
  findings: Finding[];
}

/** Snapshots and saved settings of VirtualBox make long ones; more is none. */
const LARGEST_TEXT = 8 << 20;
const BINARY = ['.vmcx', '.vmrs'];

/** Whether a path is of a description, going by its name; disks never have these. */
export function namesMachine(path: string): boolean {
  const extension = extname(path).toLowerCase();
  return (
    extension === '.ova' ||
    BINARY.includes(extension) ||
    machineDialects.some(({ extensions }) => extensions.includes(extension))
  );
}

/**
 * Reads a description: .vmx, .vbox, .ovf, .ova, libvirt XML, Proxmox .conf, Hyper-V XML, .vmc.
 * @throws MACHINE_NOT_UNDERSTOOD, SOURCE_NOT_FOUND (it, or a disk of it), SOURCE_NOT_READABLE, IMAGE_DAMAGED of an OVA
 */
export async function readMachine(path: string): Promise<SourceMachine> {
  const isPackage = extname(path).toLowerCase() === '.ova';
  const description = isPackage ? await descriptionIn(path) : path;
  const { dialect, machine } = await readDescription(description);
  const folder = isPackage ? path : (dialect.folder?.(path) ?? dirname(path));
  if (machine.disks.length === 0)
    throw notUnderstood(
      path,
      'it names no hard disk that could be read',
      'Name the disks of the machine as sources.',
    );
  const paths = await locateDisks(machine.disks, { path, folder, anywhere: dialect.disksAnywhere });
  const { disks, name, ...rest } = machine;
  return {
    ...rest,
    path,
    dialect: dialect.id,
    platform: isPackage ? `${dialect.name} in an OVA package` : dialect.name,
    name: name === '' ? basename(path, extname(path)) : name,
    disks: disks.map(({ bus, controller, slot, source }, index) => ({
      bus,
      controller,
      slot,
      source,
      path: paths[index]!,
    })),
  };
}

/** What the text of a description says, before any disk is looked for. @throws MACHINE_NOT_UNDERSTOOD, NOT_FOUND */
export async function readDescription(
  path: string,
): Promise<{ dialect: MachineDialect; machine: DescribedMachine }> {
  const extension = extname(path).toLowerCase();
  if (BINARY.includes(extension))
    throw notUnderstood(
      path,
      'it is in the binary form that only Hyper-V itself reads',
      'Name the .vhdx files of the machine, the boot disk first; give CPUs and memory as options.',
    );
  const text = decodeText(await readAll(path));
  const dialect = machineDialects.find(
    (candidate) => candidate.extensions.includes(extension) && candidate.recognises(text),
  );
  if (dialect === undefined)
    throw notUnderstood(path, 'it is no description of a machine that is known here');
  return { dialect, machine: dialect.parse(text, path, await companionText(dialect, path)) };
}

async function companionText(dialect: MachineDialect, path: string): Promise<string | undefined> {
  for (const companion of dialect.companions?.(path) ?? []) {
    const found = await stat(companion).catch(() => null);
    if (found?.isFile() === true) return decodeText(await readAll(companion));
  }
  return undefined;
}

async function readAll(path: string): Promise<Uint8Array> {
  const file = await openReadFile(path);
  try {
    if (file.size > LARGEST_TEXT) throw notUnderstood(path, 'it is too large for a description of a machine');
    return file.readNow(0, file.size);
  } finally {
    await file.close();
  }
}

/** The .ovf of a package. */
async function descriptionIn(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw notUnderstood(path, 'it is a folder', 'Name the .ovf file in it.');
  const file = await openReadFile(path);
  const head = file.readNow(0, 512);
  await file.close();
  if (!isPackage(head))
    throw notUnderstood(
      path,
      'it is not a tar file that begins with an .ovf',
      'Export the machine again as an OVA.',
    );
  const name = (await packageFiles(path)).find((member) => member.toLowerCase().endsWith('.ovf'));
  if (name === undefined) throw notUnderstood(path, 'it holds no .ovf');
  return join(path, name);
}
