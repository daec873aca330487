/** What each gate says: where it fires, with its sentence; where nothing is known. Silence is tested with the plain server. */
import { applications } from './cases/applications.ts';
import { assurance } from './cases/assurance.ts';
import { encryption } from './cases/encryption.ts';
import { guestSystem } from './cases/guest-system.ts';
import { inputOutput } from './cases/input-output.ts';
import { licences } from './cases/licences.ts';
import { limits } from './cases/limits.ts';
import { machine } from './cases/machine.ts';
import { specialDevices } from './cases/special-devices.ts';
import { storage } from './cases/storage.ts';
import type { GateCases } from './cases/parts.ts';

/** By the id of the gate; a file for each file of gates. */
export const CASES: GateCases = {
  ...applications,
  ...assurance,
  ...encryption,
  ...guestSystem,
  ...inputOutput,
  ...licences,
  ...limits,
  ...machine,
  ...specialDevices,
  ...storage,
};
