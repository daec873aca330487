/** The Windows versions that tests make servers of, with what tells them apart in registry and files. */

export interface WindowsVersion {
  /** As WindowsFacts.ntVersion. */
  nt: string;
  build: number;
  product: string;
  /** Empty before Vista. */
  edition: string;
  server: boolean;
  servicePack: string;
  architecture: 'x86' | 'amd64';
  /** Name of the folder of Windows as setup spells it. */
  folder: string;
  /** Which table binds boot drivers: CriticalDeviceDatabase or DriverDatabase. */
  binding: 'cdd' | 'ddb';
  firmware: 'bios' | 'uefi';
}

const of = (
  nt: string,
  build: number,
  product: string,
  edition: string,
  rest: Partial<WindowsVersion> = {},
): WindowsVersion => ({
  nt,
  build,
  product,
  edition,
  server: /server/iu.test(product),
  servicePack: '',
  architecture: 'amd64',
  folder: 'Windows',
  binding: nt === '10.0' || Number(nt) >= 6.2 ? 'ddb' : 'cdd',
  firmware: 'bios',
  ...rest,
});

const OLD = { architecture: 'x86', folder: 'WINDOWS' } as const;

export const WINDOWS_VERSIONS = {
  xp: of('5.1', 2600, 'Microsoft Windows XP', '', { ...OLD, servicePack: 'Service Pack 3' }),
  '2003': of('5.2', 3790, 'Microsoft Windows Server 2003 R2', '', { ...OLD, servicePack: 'Service Pack 2' }),
  vista: of('6.0', 6002, 'Windows Vista (TM) Business', 'Business', { servicePack: 'Service Pack 2' }),
  '2008': of('6.0', 6002, 'Windows Server (R) 2008 Standard', 'ServerStandard', {
    servicePack: 'Service Pack 2',
  }),
  '7': of('6.1', 7601, 'Windows 7 Professional', 'Professional', { servicePack: 'Service Pack 1' }),
  '2008r2': of('6.1', 7601, 'Windows Server 2008 R2 Standard', 'ServerStandard', {
    servicePack: 'Service Pack 1',
  }),
  '8': of('6.2', 9200, 'Windows 8 Pro', 'Professional'),
  '2012': of('6.2', 9200, 'Windows Server 2012 Standard', 'ServerStandard'),
  '8.1': of('6.3', 9600, 'Windows 8.1 Pro', 'Professional'),
  '2012r2': of('6.3', 9600, 'Windows Server 2012 R2 Standard', 'ServerStandard'),
  '10': of('10.0', 19045, 'Windows 10 Pro', 'Professional', { firmware: 'uefi' }),
  '2016': of('10.0', 14393, 'Windows Server 2016 Standard', 'ServerStandard'),
  '2019': of('10.0', 17763, 'Windows Server 2019 Standard', 'ServerStandard', { firmware: 'uefi' }),
  // The registry of Windows 11 still says 10.
  '11': of('10.0', 22631, 'Windows 10 Pro', 'Professional', { firmware: 'uefi' }),
  '2022': of('10.0', 20348, 'Windows Server 2022 Standard', 'ServerStandard', { firmware: 'uefi' }),
  '2025': of('10.0', 26100, 'Windows Server 2025 Standard', 'ServerStandard', { firmware: 'uefi' }),
} satisfies Record<string, WindowsVersion>;

export type WindowsVersionId = keyof typeof WINDOWS_VERSIONS;
export const WINDOWS_VERSION_IDS = Object.keys(WINDOWS_VERSIONS) as WindowsVersionId[];
