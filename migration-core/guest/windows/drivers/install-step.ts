/** How Windows itself comes to install the packages that were left: a step of its first start, and its own search path. */
import type { Finding } from '../../../base/finding.ts';
import type { Hive } from '../../../registry/hive.ts';
import { expandText, readText } from '../../../registry/types.ts';
import type { WindowsFacts } from '../facts.ts';
import type { FirstBootStep } from '../first-boot/steps.ts';
import type { RegistryChange } from '../registry-change.ts';

const CURRENT_VERSION = 'Microsoft\\Windows\\CurrentVersion';
const DEVICE_PATH = 'DevicePath';
/** What it is where nobody changed it; it has to stay in the list. */
const OWN_FOLDER = '%SystemRoot%\\inf';
/** Characters of the whole list: no command line or dialog of Windows keeps more of a path list. */
const LONGEST = 2047;
/** Builds from which pnputil has the commands with slashes (Windows 10 1607). */
const NEW_PNPUTIL = 14393;

export interface LeftPackage {
  /** Name of its folder, safe in a batch file. */
  folder: string;
  inf: string;
}

/** As Windows reads it when it runs. */
const folderOf = (folder: string): string => `%SystemRoot%\\Ironlift\\Drivers\\${folder}`;

/** The folders of the packages in DevicePath, where Windows looks for drivers of new devices: XP to 2025. */
export function devicePathChanges(
  software: Hive,
  packages: readonly LeftPackage[],
): { changes: RegistryChange[]; findings: Finding[] } {
  const value = software.find(CURRENT_VERSION)?.value(DEVICE_PATH);
  const before = (value === undefined ? undefined : readText(value)) ?? '';
  const list = before.split(';').filter((part) => part.trim() !== '');
  if (list.length === 0) list.push(OWN_FOLDER);
  const missing = packages
    .map(({ folder }) => folderOf(folder))
    .filter((folder) => !list.some((part) => part.trim().toLowerCase() === folder.toLowerCase()));
  if (missing.length === 0) return { changes: [], findings: [] };
  const whole = [...list, ...missing].join(';');
  if (whole.length > LONGEST)
    return {
      changes: [],
      findings: [
        {
          severity: 'warning',
          code: 'DRIVER_SEARCH_PATH_FULL',
          message: `The list of folders in which Windows looks for drivers (DevicePath) is too long for ${missing.length} more.`,
          next: 'Shorten DevicePath on the server, or install the drivers by hand at the first start.',
        },
      ],
    };
  const [type, data] = expandText(whole);
  return {
    changes: [{ op: 'set', key: CURRENT_VERSION, name: DEVICE_PATH, type, data }],
    findings: [],
  };
}

/**
 * pnputil comes with Windows since Vista. It ends with 0, with 3010 where a restart is needed, and with 259 where no device was
 * there for the driver, which is no fault: machines need not have all that their platform offers.
 */
export function installStep(windows: WindowsFacts, packages: readonly LeftPackage[]): FirstBootStep | null {
  const [major = 0] = windows.ntVersion.split('.').map(Number);
  if (major < 6 || packages.length === 0) return null;
  const program = '"%SystemRoot%\\System32\\pnputil.exe"';
  const install = (path: string): string =>
    windows.build >= NEW_PNPUTIL ? `${program} /add-driver "${path}" /install` : `${program} -i -a "${path}"`;
  const lines = ['set result=0'];
  for (const { folder, inf } of packages)
    lines.push(
      install(`${folderOf(folder)}\\${inf}`),
      'set code=%errorlevel%',
      'if %code%==259 set code=0',
      'if %code%==3010 if not %result%==0 set code=0',
      'if not %code%==0 set result=%code%',
    );
  lines.push('exit /b %result%');
  return {
    time: 10,
    name: 'drivers',
    lines,
    what: `At its first start Windows installs ${packages.length === 1 ? 'the driver package' : `the ${packages.length} driver packages`} that were left for it.`,
    why: 'Devices whose drivers Windows does not bring, such as network cards, work from then on.',
  };
}
