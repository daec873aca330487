/**
 * Whether a Windows can check the signature of a driver package. SHA-2 came to 7 and Server 2008 R2 with KB3033929 (and again
 * with KB4474419), to Server 2008 with KB4474419 (Microsoft's 2019 SHA-2 Code Signing Support requirement). Kernels for x64 have
 * loaded signed drivers only since Vista (Kernel-Mode Code Signing Policy); those for x86 load all.
 */
import { viewOf } from '../../../base/bytes.ts';
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

/** Data directories of a PE image by the magic of its optional header, and the one of its signature (PE format of Microsoft). */
const DIRECTORIES: Readonly<Record<number, number>> = { 0x10b: 96, 0x20b: 112 };
const SECURITY = 4;

/**
 * Whether Microsoft stands among the names in the signature inside a driver file: as signer, or as the one who vouches for its signer
 * (cross-signing, until 2021). The boot loader of x64 Windows has nothing else to go by than the signature inside. null where the
 * file has none, or is no PE image.
 */
export function namesMicrosoft(program: Uint8Array): boolean | null {
  try {
    const view = viewOf(program);
    const header = view.getUint32(60, true);
    if (view.getUint32(header, true) !== 0x4550) return null;
    const directories = DIRECTORIES[view.getUint16(header + 24, true)];
    if (directories === undefined) return null;
    const at = header + 24 + directories;
    if (view.getUint32(at - 4, true) <= SECURITY) return null;
    const start = view.getUint32(at + SECURITY * 8, true);
    const size = view.getUint32(at + SECURITY * 8 + 4, true);
    if (size === 0 || start + size > program.length) return null;
    return Buffer.from(program.buffer, program.byteOffset + start, size).includes('Microsoft', 0, 'latin1');
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Kernels that load only drivers that Microsoft vouches for. */
export const wantsMicrosoft = ({
  ntVersion,
  architecture,
}: Pick<TargetWindows, 'ntVersion' | 'architecture'>): boolean =>
  !ntVersion.startsWith('5.') && architecture !== 'x86';
