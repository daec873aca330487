/** Which Windows it is: by the SOFTWARE hive, and where that tells nothing by the kernel's own version. */
import type { Guest } from '../../guest.ts';
import type { WindowsFacts } from '../facts.ts';
import type { Executable } from './executable.ts';
import type { ControlSets, RegistryReader } from './registry.ts';

export interface WindowsVersion {
  ntVersion: string;
  build: number;
  servicePack: string;
  edition: string;
  installation: WindowsFacts['installation'];
  /** Guest.os. */
  os: Guest['os'];
  /** How the version was told. */
  source: 'software' | 'kernel' | 'assumed';
}

const CURRENT = 'Microsoft\\Windows NT\\CurrentVersion';

export function readVersion(
  software: RegistryReader | null,
  system: RegistryReader,
  sets: ControlSets,
  kernel: Executable | null,
): WindowsVersion {
  const text = (name: string): string => software?.text(CURRENT, name) ?? '';
  const major = software?.number(CURRENT, 'CurrentMajorVersionNumber') ?? null;
  const minor = software?.number(CURRENT, 'CurrentMinorVersionNumber') ?? 0;
  const told = major === null ? text('CurrentVersion') : `${major}.${minor}`;
  const ofKernel = /^(\d+\.\d+)\.(\d+)/u.exec(kernel?.version ?? '');
  const inSoftware = /^\d{1,2}\.\d{1,2}$/u.test(told);
  const ntVersion = inSoftware ? told : (ofKernel?.[1] ?? assumedVersion(system, sets));
  // XP has a sentence in CurrentBuild.
  const builds = [text('CurrentBuildNumber'), text('CurrentBuild'), ofKernel?.[2] ?? ''];
  const build = Number(builds.find((value) => /^\d{1,6}$/u.test(value)) ?? 0);
  const installation = installationOf(
    text('InstallationType'),
    system.text(`${sets.path}\\Control\\ProductOptions`, 'ProductType'),
  );
  const server = installation === 'server' || installation === 'server-core';
  const version = marketingVersion(ntVersion, build, server);
  return {
    ntVersion,
    build,
    servicePack: servicePack(
      text('CSDVersion'),
      system.number(`${sets.path}\\Control\\Windows`, 'CSDVersion'),
    ),
    edition: text('EditionID'),
    installation,
    os: {
      id: 'windows',
      version,
      name: nameOf(text('ProductName'), version, server, build),
      family: 'windows',
    },
    source: inSoftware ? 'software' : ofKernel === null ? 'assumed' : 'kernel',
  };
}

/** The oldest that has what the SYSTEM hive shows: the driver database came with 6.2, volmgr with 6.0. */
function assumedVersion(system: RegistryReader, sets: ControlSets): string {
  if (system.has('DriverDatabase')) return '6.2';
  return system.has(`${sets.path}\\Services\\volmgr`) ? '6.0' : '5.1';
}

function installationOf(type: string, product: string): WindowsFacts['installation'] {
  switch (type.toLowerCase()) {
    case 'client':
      return 'client';
    case 'server':
      return 'server';
    case 'server core':
    case 'nano server':
      return 'server-core';
  }
  if (/^(servernt|lanmannt)$/iu.test(product)) return 'server';
  return /^winnt$/iu.test(product) ? 'client' : 'unknown';
}

/** SYSTEM keeps the service pack as 0x300 for 3. */
const servicePack = (told: string, number: number | null): string => {
  if (told !== '') return told;
  return number !== null && number >= 256 && number % 256 === 0 ? `Service Pack ${number / 256}` : '';
};

/** Versions of one name: NT version, its clients' name, its servers' name. */
const NAMES: Record<string, [client: string, server: string]> = {
  '5.1': ['xp', '2003'],
  '5.2': ['xp', '2003'],
  '6.0': ['vista', '2008'],
  '6.1': ['7', '2008r2'],
  '6.2': ['8', '2012'],
  '6.3': ['8.1', '2012r2'],
};

/** First builds of the releases that all are NT 10.0 ("Windows Server release information" of Microsoft). */
const SERVERS_10: [build: number, version: string][] = [
  [26_100, '2025'],
  [20_348, '2022'],
  [17_763, '2019'],
  [0, '2016'],
];
const FIRST_11 = 22_000;

export function marketingVersion(ntVersion: string, build: number, server: boolean): string {
  const named = NAMES[ntVersion];
  if (named !== undefined) return named[server ? 1 : 0];
  if (ntVersion !== '10.0') return ntVersion;
  if (!server) return build >= FIRST_11 ? '11' : '10';
  return SERVERS_10.find(([first]) => build >= first)![1];
}

const SPELT: Record<string, string> = { xp: 'XP', vista: 'Vista', '2008r2': '2008 R2', '2012r2': '2012 R2' };

function nameOf(product: string, version: string, server: boolean, build: number): string {
  const spelt = SPELT[version] ?? version;
  // Windows 11 goes on calling itself 10 in its registry.
  const name = version === '11' ? product.replace(/^Windows 10\b/u, 'Windows 11') : product;
  const known = name === '' ? `Windows ${server ? 'Server ' : ''}${spelt}` : name;
  return build === 0 ? known : `${known} (build ${build})`;
}
