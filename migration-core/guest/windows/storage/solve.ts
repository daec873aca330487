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
  let problem: string | null = null;
  for (const ids of device.forms) {
    const bound = boundDriver(windows, system, windows.currentControlSet, ids);
    if (bound === null || bound.service === '') continue;
    const obstacle = await obstacleOf(bound.service, windows, system, files);
    if (obstacle === null) solutions.push(solutionFor(bound, windows, inbox));
    else problem = `${device.name} has the driver "${bound.service}", but ${obstacle}`;
  }
  if (solutions.length > 0) return { solutions, problem: null };
  if (inbox === undefined)
    return { solutions, problem: problem ?? `this Windows has no driver for ${device.name}` };

  const obstacle = await obstacleOf(inbox.driver.service, windows, system, files, inbox.driver.binary);
  if (obstacle === null)
    return {
      solutions: [{ service: inbox.driver.service, inbox, ids: inbox.ids, missingFiles: [] }],
      problem: null,
    };
  const found = mayAddFiles ? await files.restore(inbox.inf, inbox.driver.binary) : null;
  if (found === null)
    return {
      solutions,
      problem: `this Windows has the driver "${inbox.driver.service}" for ${device.name}, but ${obstacle}`,
    };
  return {
    solutions: [{ service: inbox.driver.service, inbox, ids: inbox.ids, missingFiles: found }],
    problem: null,
  };
}

/**
 * XP and 2003 have entered only the devices that they have met: all that their driver knows are entered. Later ones have entered
 * every device at their installation: the ID found is enough, for the control sets that may lack it.
 */
function solutionFor(bound: Bound, windows: Facts, inbox: InboxDriver | undefined): Solution {
  if (inbox === undefined || inbox.driver.service.toLowerCase() !== bound.service.toLowerCase())
    return { service: bound.service, inbox: null, ids: [], missingFiles: [] };
  const ids = ntNumber(windows.ntVersion) < ntNumber('6.0') ? inbox.ids : [bound.id];
  return { service: inbox.driver.service, inbox, ids, missingFiles: [] };
}

/** What keeps the driver of a service from being loaded. `binary` is asked for where the service is not there yet. */
async function obstacleOf(
  service: string,
  windows: Facts,
  system: Hive,
  files: DriverFiles,
  binary?: string,
): Promise<string | null> {
  const key = system.find(`${controlSetKey(windows.currentControlSet)}\\Services\\${service}`);
  if (key === undefined && binary === undefined) return 'its service is not in the registry';
  const value = key?.value('ImagePath');
  const imagePath = (value === undefined ? undefined : readText(value)) ?? '';
  const usual = imagePath === '' && binary !== undefined ? `system32\\drivers\\${binary}` : imagePath;
  const path = files.pathOf(usual, service);
  return path === null ? `its file ${imagePath} is not on the disk of Windows` : files.obstacle(path);
}
