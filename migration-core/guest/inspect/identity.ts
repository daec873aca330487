/** What sort of machine the files make: processor, init system, names. */
import type { Finding } from '../../base/finding.ts';
import type { GuestReader } from '../fixer.ts';
import type { Guest } from '../guest.ts';
import { inspectText, shellVariables } from './text.ts';

const PROGRAMS = [
  '/bin/sh',
  '/bin/bash',
  '/sbin/init',
  '/usr/bin/env',
  '/usr/lib/systemd/systemd',
  '/bin/busybox',
];
/** e_machine of the ELF header (System V gABI, figure 4-3). */
const MACHINES = new Map<number, Guest['architecture']>([
  [3, 'i686'],
  [62, 'x86_64'],
  [183, 'aarch64'],
]);

/** The processor that the guest's programs are made for. */
export async function readArchitecture(files: GuestReader): Promise<Guest['architecture']> {
  for (const path of PROGRAMS) {
    const stat = await files.stat(path);
    if (stat?.type !== 'file') continue;
    const header = await files.readRange(path, 0, 20);
    if (header.length < 20 || Buffer.from(header.subarray(0, 4)).toString('latin1') !== '\x7fELF') continue;
    // EI_DATA, byte 5: 1 is little-endian.
    const machine = header[5] === 1 ? header[18]! | (header[19]! << 8) : (header[18]! << 8) | header[19]!;
    return MACHINES.get(machine) ?? 'unknown';
  }
  return 'unknown';
}

export async function readInit(files: GuestReader): Promise<Guest['init']> {
  for (const path of ['/sbin/init', '/usr/sbin/init', '/usr/lib/systemd/systemd', '/lib/systemd/systemd']) {
    if ((await files.stat(path))?.type !== 'file') continue;
    const name = (await files.realpath(path)).split('/').pop()!;
    if (name === 'systemd') return 'systemd';
    if (name === 'openrc-init') return 'openrc';
    // An init of its own at this place: sysvinit or upstart, or busybox under OpenRC.
    if (
      (await files.exists('/sbin/initctl')) &&
      (await files.list('/etc/init')).some((unit) => unit.endsWith('.conf'))
    )
      return 'upstart';
    if ((await files.exists('/sbin/openrc')) || (await files.exists('/sbin/rc'))) return 'openrc';
    if ((await files.exists('/etc/inittab')) || (await files.exists('/etc/init.d'))) return 'sysvinit';
  }
  return 'unknown';
}

/** usr-merge: /lib is a symlink into /usr. */
export async function readMergedUsr(files: GuestReader): Promise<boolean> {
  if ((await files.lstat('/lib'))?.type !== 'symlink') return false;
  return /^\/?usr\/lib\/?$/.test(await files.readlink('/lib'));
}

export async function readHostName(files: GuestReader, findings: Finding[]): Promise<string> {
  for (const path of ['/etc/hostname', '/etc/HOSTNAME']) {
    const text = await inspectText(files, path, findings);
    const name = text?.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#'));
    if (name !== undefined) return hostName(name);
  }
  for (const [path, key] of [
    ['/etc/sysconfig/network', 'HOSTNAME'],
    ['/etc/conf.d/hostname', 'hostname'],
  ] as const) {
    const name = shellVariables((await inspectText(files, path, findings)) ?? '').get(key);
    if (name !== undefined && name !== '') return hostName(name);
  }
  return '';
}

/** It goes into file names and XML: what no host name may hold is dropped. */
const hostName = (text: string): string =>
  text
    .trim()
    .replace(/[^A-Za-z0-9._-]/g, '')
    .slice(0, 253);

export async function readMachineId(files: GuestReader, findings: Finding[]): Promise<string> {
  for (const path of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    const id = (await inspectText(files, path, findings))?.trim().toLowerCase() ?? '';
    if (/^[0-9a-f]{32}$/.test(id)) return id;
  }
  return '';
}

export async function readSelinux(files: GuestReader, findings: Finding[]): Promise<Guest['selinux']> {
  const text = await inspectText(files, '/etc/selinux/config', findings);
  if (text === null) return 'absent';
  const variables = shellVariables(text);
  const mode = variables.get('SELINUX')?.toLowerCase();
  const policy = variables.get('SELINUXTYPE') ?? 'targeted';
  if (/[/\0]/.test(policy) || !(await files.exists(`/etc/selinux/${policy}`))) return 'absent';
  if (mode === 'enforcing' || mode === 'permissive') return mode;
  return 'disabled';
}
