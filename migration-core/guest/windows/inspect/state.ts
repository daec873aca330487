/** In which state the server was left, and settings that matter for its first start elsewhere. */
import type { WindowsFacts } from '../facts.ts';
import type { VolumePaths } from '../volume-path.ts';
import type { ControlSets, RegistryReader } from './registry.ts';

type State = Pick<
  WindowsFacts,
  | 'pendingRestart'
  | 'clockIsUtc'
  | 'fastStartup'
  | 'hibernation'
  | 'sanPolicy'
  | 'crashAutoReboot'
  | 'restrictions'
>;

const VERSION = 'Microsoft\\Windows\\CurrentVersion';
const SERVICING = `${VERSION}\\Component Based Servicing`;

/** Keys of the SOFTWARE hive that are there until the restart they ask for. */
const RESTART_KEYS: [path: string, what: string][] = [
  [`${SERVICING}\\RebootPending`, 'updates of Windows itself wait for a restart'],
  [`${SERVICING}\\RebootInProgress`, 'an update of Windows itself was interrupted during a restart'],
  [`${SERVICING}\\PackagesPending`, 'packages of Windows are half installed'],
  [`${VERSION}\\WindowsUpdate\\Auto Update\\RebootRequired`, 'Windows Update wants a restart'],
];

/** Of Policies\\Microsoft\\Windows\\DeviceInstall\\Restrictions. */
const RESTRICTIONS = 'Policies\\Microsoft\\Windows\\DeviceInstall\\Restrictions';
const RESTRICTED: [value: string, what: string][] = [
  ['DenyUnspecified', 'a policy forbids the installation of devices that it does not name'],
  ['DenyDeviceIDs', 'a policy forbids the installation of certain devices'],
  ['DenyDeviceClasses', 'a policy forbids the installation of drivers of certain classes'],
  ['DenyInstanceIDs', 'a policy forbids the installation of certain single devices'],
];

export async function readState(
  system: RegistryReader,
  software: RegistryReader | null,
  sets: ControlSets,
  { paths, systemRoot }: { paths: VolumePaths; systemRoot: string },
): Promise<State> {
  const control = `${sets.path}\\Control`;
  const hibernation = system.number(`${control}\\Power`, 'HibernateEnabled') === 1;
  return {
    pendingRestart: await pendingRestart(system, software, control, paths, systemRoot),
    clockIsUtc: system.number(`${control}\\TimeZoneInformation`, 'RealTimeIsUniversal') === 1,
    hibernation,
    // Without hibernation Fast Startup has nothing to keep its image in.
    fastStartup: hibernation && system.number(`${control}\\Session Manager\\Power`, 'HiberbootEnabled') === 1,
    sanPolicy: within(system.number(`${sets.path}\\Services\\partmgr\\Parameters`, 'SanPolicy'), 1, 4),
    crashAutoReboot: switched(system.number(`${control}\\CrashControl`, 'AutoReboot')),
    restrictions: RESTRICTED.filter(([value]) => software?.number(RESTRICTIONS, value) === 1).map(
      ([, what]) => what,
    ),
  };
}

async function pendingRestart(
  system: RegistryReader,
  software: RegistryReader | null,
  control: string,
  paths: VolumePaths,
  systemRoot: string,
): Promise<string[]> {
  const pending: string[] = [];
  const session = `${control}\\Session Manager`;
  if (
    system.texts(session, 'PendingFileRenameOperations').length > 0 ||
    system.texts(session, 'PendingFileRenameOperations2').length > 0
  )
    pending.push('files in use are to be replaced at the next start');
  for (const [path, what] of RESTART_KEYS) if (software?.has(path) === true) pending.push(what);
  if ((await paths.file(`${systemRoot}/WinSxS/pending.xml`)) !== null)
    pending.push('a list of changes to Windows (pending.xml) is to be carried out');
  if (system.number('Setup', 'SystemSetupInProgress') === 1)
    pending.push('the setup of Windows has not finished');
  return pending;
}

const within = (value: number | null, from: number, to: number): number | null =>
  value !== null && value >= from && value <= to ? value : null;

const switched = (value: number | null): boolean | null => (value === null ? null : value !== 0);
