/** Finds the driver for one device: the one Windows would give it, if that can be loaded, else one of Windows itself. */
import type { Hive } from '../../../registry/hive.ts';
import { readText } from '../../../registry/types.ts';
import type { WindowsFacts } from '../facts.ts';
import type { DriverFiles } from './driver-files.ts';
import { inboxFor, ntNumber, type InboxDriver } from './inbox.ts';
import { boundDriver, type Bound } from './reach.ts';
import { controlSetKey } from './control-sets.ts';
import type { BootDevice } from './table.ts';

export interface Solution {
  service: string;
  /** Null for a driver that did not come with Windows: it is started, and its binding stays as it is. */
  inbox: InboxDriver | null;
  /** IDs to be bound to it. */
  ids: readonly string[];
  missingFiles: { path: string; content: Uint8Array; from: string }[];
}

export interface Solved {
  /** One, or one for each form of the device; none where `problem` says why. */
  solutions: Solution[];
  /** A part of a sentence. */
  problem: string | null;
}

type Facts = Pick<WindowsFacts, 'ntVersion' | 'bindingTable' | 'currentControlSet'>;

/** @throws HIVE_DAMAGED */
export async function solveDevice(
  device: BootDevice,
  windows: Facts,
  system: Hive,
  files: DriverFiles,
  mayAddFiles: boolean,
): Promise<Solved> {
  const inbox = inboxFor(device.drivers, windows.ntVersion);
  const solutions: Solution[] = [];
  const unusable: Bound[] = [];
  let problem = `this Windows has no driver for ${device.name}`;
  for (const ids of device.forms) {
    const bound = boundDriver(windows, system, windows.currentControlSet, ids);
    if (bound === null) continue;
    const obstacle =
      bound.service === '' ? 'none is named' : await obstacleOf(bound.service, windows, system, files);
    if (obstacle === null) {
      solutions.push(solutionFor(bound, windows, system, inbox, files));
      continue;
    }
    unusable.push(bound);
    if (bound.service !== '') problem = `${device.name} has the driver "${bound.service}", but ${obstacle}`;
  }
  if (solutions.length > 0) return { solutions, problem: null };
  if (inbox === undefined) return { solutions, problem };

  const { service, binary } = inbox.driver;
  // In the DriverDatabase Windows alone ranks a second driver for an ID: it might take the one that cannot be loaded.
  const ofOthers = unusable.filter((bound) => !sameName(bound.service, service));
  if (ofOthers.length > 0 && windows.bindingTable === 'driver-database') return { solutions, problem };
  const obstacle = await obstacleOf(service, windows, system, files, binary);
  const missingFiles = obstacle === null ? [] : await files.restore(inbox.inf, binary, mayAddFiles);
  if (missingFiles === null)
    return { solutions, problem: unusable.length > 0 ? problem : `${problem} ("${service}": ${obstacle})` };
  const ids = [...inbox.ids, ...unusable.map(({ id }) => id).filter((id) => comesFirst(id, device, inbox))];
  return { solutions: [{ service, inbox, ids, missingFiles }], problem: null };
}

/** Whether Windows looks for this ID before those of the driver: then it has to lead to the driver as well. */
const comesFirst = (id: string, { forms }: BootDevice, inbox: InboxDriver): boolean =>
  forms.some((ids) => {
    const own = ids.findIndex((one) => inbox.ids.some((known) => sameName(known, one)));
    const at = ids.indexOf(id);
    return at >= 0 && (own < 0 || at < own);
  });

/**
 * XP and 2003 have entered only the devices that they have met: all that their driver knows are entered. Later ones have entered
 * every device at their installation: the ID found is enough, for the control sets that may lack it.
 */
function solutionFor(
  bound: Bound,
  windows: Facts,
  system: Hive,
  inbox: InboxDriver | undefined,
  files: DriverFiles,
): Solution {
  const { service } = bound;
  const installed: Solution = { service, inbox: null, ids: [], missingFiles: [] };
  if (inbox === undefined || !sameName(inbox.driver.service, service)) return installed;
  // A newer one of its maker may lie elsewhere, as in the driver store, and stays there.
  const path = files.pathOf(imagePathOf(service, windows, system) ?? '', service);
  const usual = files.pathOf(`System32\\drivers\\${inbox.driver.binary}`, service);
  if (path === null || !sameName(path, usual ?? '')) return installed;
  const ids = ntNumber(windows.ntVersion) < ntNumber('6.0') ? inbox.ids : [bound.id];
  return { service: inbox.driver.service, inbox, ids, missingFiles: [] };
}

/**
 * What keeps the driver of a service from being loaded, as a part of a sentence; null for nothing. `binary` is asked for where the
 * service is not there yet. @throws HIVE_DAMAGED
 */
export async function obstacleOf(
  service: string,
  windows: Pick<Facts, 'currentControlSet'>,
  system: Hive,
  files: DriverFiles,
  binary?: string,
): Promise<string | null> {
  const imagePath = imagePathOf(service, windows, system);
  if (imagePath === undefined && binary === undefined) return 'its service is not in the registry';
  const usual =
    (imagePath ?? '') === '' && binary !== undefined ? `System32\\drivers\\${binary}` : (imagePath ?? '');
  const path = files.pathOf(usual, service);
  return path === null ? `its file ${usual} is not on the disk of Windows` : files.obstacle(path);
}

/** Undefined without a service of that name, empty without a path. */
function imagePathOf(
  service: string,
  windows: Pick<Facts, 'currentControlSet'>,
  system: Hive,
): string | undefined {
  const key = system.find(`${controlSetKey(windows.currentControlSet)}\\Services\\${service}`);
  if (key === undefined) return undefined;
  const value = key.value('ImagePath');
  return (value === undefined ? undefined : readText(value)) ?? '';
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
