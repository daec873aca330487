/** The files of a Windows that inspection and fixers look at, by version. */
import type { Tree } from '../linux-guests.ts';
import { inboxDrivers } from './inbox.ts';
import { portableExecutable } from './portable-executable.ts';
import type { WindowsVersion } from './versions.ts';

/** Network cards of hypervisors that the INF files of this Windows name. */
const NET_INFS: Record<string, Record<string, string[]>> = {
  '5.1': { 'netamd.inf': ['PCI\\VEN_1022&DEV_2000'] },
  '5.2': { 'net8254x.inf': ['PCI\\VEN_8086&DEV_100F', 'PCI\\VEN_8086&DEV_100E'] },
  '6.0': { 'nete1g32.inf': ['PCI\\VEN_8086&DEV_100F', 'PCI\\VEN_8086&DEV_100E'] },
  '6.1': {
    'nete1g3e.inf': ['PCI\\VEN_8086&DEV_100F', 'PCI\\VEN_8086&DEV_100E'],
    'nete1e3e.inf': ['PCI\\VEN_8086&DEV_10D3'],
    'wnetvsc.inf': ['VMBUS\\{f8615163-df3e-46c5-913f-f2d2f965ed0e}'],
  },
};

export function windowsFiles(
  version: WindowsVersion,
  hives: { system: Uint8Array; software: Uint8Array | null },
): Tree {
  const old = version.nt.startsWith('5.');
  const { architecture, build, nt } = version;
  const release = `${nt}.${build}.0`;
  const root = `/${version.folder}`;
  const system32 = `${root}/${old ? 'system32' : 'System32'}`;
  const program = portableExecutable(architecture, { version: release });
  const hiveName = (name: string): string => `${system32}/config/${old ? name.toLowerCase() : name}`;
  const tree: Tree = {
    [hiveName('SYSTEM')]: hives.system,
    [`${system32}/cmd.exe`]: program,
    [`${system32}/ntoskrnl.exe`]: portableExecutable(architecture, {
      originalName: 'ntkrnlmp.exe',
      version: release,
    }),
    [`${system32}/hal.dll`]: portableExecutable(architecture, {
      originalName: old ? 'halmacpi.dll' : 'hal.dll',
      version: release,
    }),
    [`${root}/explorer.exe`]: program,
    [`/Program Files${old ? '' : '/Common Files'}/desktop.ini`]: '[.ShellClassInfo]\r\n',
    [old ? '/Documents and Settings/All Users/ntuser.pol' : '/Users/Public/desktop.ini']: '',
    '/pagefile.sys': new Uint8Array(4096),
  };
  if (hives.software !== null) tree[hiveName('SOFTWARE')] = hives.software;
  const infs = new Map<string, string[]>(Object.entries(NET_INFS[nt] ?? {}));
  for (const { binary, inf, ids, classGuid } of inboxDrivers(version)) {
    // Drivers of network cards stay in the driver store until a card asks for them.
    if (!/972-/u.test(classGuid)) tree[`${system32}/drivers/${binary}`] = program;
    if (inf !== '') infs.set(inf, [...(infs.get(inf) ?? []), ...ids]);
  }
  for (const name of ['EhStorClass', 'fvevol', 'iorate', 'rdyboost'])
    if (version.binding === 'ddb') tree[`${system32}/drivers/${name}.sys`] = program;
  tree[`${system32}/drivers/b57nd60a.sys`] = program;
  for (const [inf, ids] of infs)
    tree[`${root}/${old ? 'inf' : 'INF'}/${inf}`] =
      `[Version]\r\nSignature="$WINDOWS NT$"\r\n[Models]\r\n${ids
        .map((id) => `%Device% = Install, ${id}\r\n`)
        .join('')}`;
  return tree;
}

export const BOOT_INI = (folder: string, partition: number): string =>
  [
    '[boot loader]',
    'timeout=30',
    `default=multi(0)disk(0)rdisk(0)partition(${partition})\\${folder}`,
    '[operating systems]',
    `multi(0)disk(0)rdisk(0)partition(${partition})\\${folder}="Windows" /noexecute=optin /fastdetect`,
    '',
  ].join('\r\n');
