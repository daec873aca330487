/**
 * Whether a Windows can check the signature of a driver package. SHA-2 came to 7 and Server 2008 R2 with KB3033929 (and again
 * with KB4474419), to Server 2008 with KB4474419 (Microsoft's 2019 SHA-2 Code Signing Support requirement). Kernels for x64 have
 * loaded signed drivers only since Vista (Kernel-Mode Code Signing Policy); those for x86 load all.
 */
import { isIronliftError } from '../../../base/errors.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { DriverPackage } from '../driver-package.ts';
import type { TargetWindows } from './inf/models.ts';

export const PACKAGES = 'Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages';
/** Keys of updates with SHA-2; roll-ups have them too. */
export const SHA2_UPDATES = /^Package_for_(KB3033929|KB4474419|KB3125574|RollupFix)/iu;
/** Versions that need an update for SHA-2; those before have none, those after need none. */
const UPDATABLE: ReadonlyMap<string, string> = new Map([
  ['6.0', 'KB4474419'],
  ['6.1', 'KB3033929 or KB4474419'],
]);

export interface SignatureProblem {
  /** Windows does not load the driver. */
  refused: boolean;
  /** A clause: what is wrong. */
  why: string;
  next: string;
}

/** Whether an update that brings SHA-2 is installed; null where the registry does not tell. */
export function sha2Installed(software: Hive): boolean | null {
  try {
    const packages = software.find(PACKAGES);
    if (packages === undefined) return null;
    return packages.subkeys().some(({ name }) => SHA2_UPDATES.test(name));
  } catch (error) {
    if (isIronliftError(error, 'HIVE_DAMAGED')) return null;
    throw error;
  }
}

/** null where there is nothing wrong. `hasSha2`: what sha2Installed said. */
export function signatureProblem(
  signature: DriverPackage['signature'],
  windows: Pick<TargetWindows, 'ntVersion' | 'architecture'>,
  hasSha2: boolean | null,
): SignatureProblem | null {
  const [major = 0] = windows.ntVersion.split('.').map(Number);
  const enforced = major >= 6 && windows.architecture !== 'x86';
  if (signature === 'none')
    return {
      refused: false,
      why: 'has no catalogue, so nobody has signed it',
      next: 'Take the signed package of its maker; Windows may refuse this one.',
    };
  const update = UPDATABLE.get(windows.ntVersion);
  const knowsSha2 = update === undefined ? major > 5 : hasSha2 === true;
  if (signature !== 'sha2' || knowsSha2) return null;
  if (update === undefined)
    return {
      refused: false,
      why: 'is signed by SHA-2, which this Windows cannot check, so that it takes it for unsigned',
      next: 'Name a driver source of that time, signed by SHA-1, or confirm the question at the first logon.',
    };
  return {
    refused: enforced && hasSha2 === false,
    why: `is signed by SHA-2, which this Windows cannot check without the update ${update}${
      hasSha2 === null ? ', of which its registry does not tell' : ''
    }`,
    next: `Install ${update} on the server before it is converted, name a driver source signed by SHA-1, or choose another disk with --bus.`,
  };
}
