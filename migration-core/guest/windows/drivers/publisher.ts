/**
 * Whether Windows installs a driver package by itself at its first start, when nobody is logged on. A package that Microsoft has
 * signed goes in without a word. For one that its maker has signed, Vista and later ask whether he is trusted, unless his certificate
 * is among those of the trusted publishers (Microsoft: "Driver Signing Requirements", "Trusted Publishers Certificate Store"), and XP
 * and 2003 take it for one that did not pass the tests, and wait for an administrator. An installation under LocalSystem can ask
 * nobody, and fails.
 */
import { isIronliftError } from '../../../base/errors.ts';
import { listed } from '../../../base/text.ts';
import type { Hive } from '../../../registry/hive.ts';
import type { CatalogueSigner, DriverPackage } from '../driver-package.ts';
import type { TargetWindows } from './inf/models.ts';
import { sha2Installed, signatureProblem, wantsMicrosoft } from './signature.ts';

/** Of the machine, and of the domain's policy (SOFTWARE). */
const TRUSTED_PUBLISHERS: readonly string[] = [
  'Microsoft\\SystemCertificates\\TrustedPublisher\\Certificates',
  'Policies\\Microsoft\\SystemCertificates\\TrustedPublisher\\Certificates',
];

type Windows = Pick<TargetWindows, 'ntVersion' | 'architecture'>;

/**
 * What keeps Windows from installing it without a question, as a part of a sentence whose subject is the package; null for nothing.
 * `software` is null where it cannot be read.
 */
export function installObstacle(
  { signature, signers = [] }: Pick<DriverPackage, 'signature' | 'signers'>,
  windows: Windows,
  software: Hive | null,
): string | null {
  if (signature === 'none') return 'has no catalogue, so nobody has signed it';
  if (signers.length === 0) return 'has a catalogue from which it cannot be read who signed it';
  const strangers = signers.filter((signer) => !signer.microsoft && !isTrusted(signer, windows, software));
  if (strangers.length > 0) {
    const names = [...new Set(strangers.map(({ name }) => (name === '' ? 'somebody unnamed' : name)))];
    return `is signed by ${listed(names)} and not by Microsoft, so Windows asks before it installs it, and nobody is there to answer at its first start`;
  }
  return (
    signatureProblem(signature, windows, software === null ? null : sha2Installed(software))?.why ?? null
  );
}

/**
 * That of a trusted publisher is installed, but kernels for x64 load it only where Microsoft vouches for him, and those of Windows 10
 * not even then with Secure Boot, which the new machine may have.
 */
function isTrusted(
  { thumbprint, crossSigned }: CatalogueSigner,
  windows: Windows,
  software: Hive | null,
): boolean {
  const [major = 0] = windows.ntVersion.split('.').map(Number);
  if (major < 6 || software === null) return false;
  if (wantsMicrosoft(windows) && (major >= 10 || !crossSigned)) return false;
  try {
    return TRUSTED_PUBLISHERS.some((store) => software.find(`${store}\\${thumbprint}`) !== undefined);
  } catch (error) {
    if (isIronliftError(error, 'HIVE_DAMAGED')) return false;
    throw error;
  }
}
