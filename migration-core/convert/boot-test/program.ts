/** Finds QEMU and the UEFI firmware that comes with it. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { IronliftError } from '../../base/errors.ts';

export interface QemuProgram {
  path: string;
  /** `7.2.22` */
  version: string;
}

const NAME = 'qemu-system-x86_64';

const INSTALL: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    'Install it (Debian and Ubuntu: apt-get install qemu-system-x86; Fedora and RHEL: dnf install qemu-kvm), or name the program with --qemu.',
  darwin: 'Install it with `brew install qemu`, or name the program with --qemu.',
  win32: 'Install it with `winget install SoftwareFreedomConservancy.QEMU`, or name the program with --qemu.',
};

/** Where installers put it without telling the path. */
const USUAL_FOLDERS: Partial<Record<NodeJS.Platform, string[]>> = {
  linux: ['/usr/bin', '/usr/local/bin', '/usr/libexec'],
  darwin: ['/opt/homebrew/bin', '/usr/local/bin', '/opt/local/bin'],
  win32: ['C:\\Program Files\\qemu'],
};

/** The program named, or else the first on the path. @throws QEMU_NOT_FOUND */
export async function findQemu(
  named: string | undefined,
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): Promise<QemuProgram> {
  const folders = [
    ...(environment['PATH'] ?? environment['Path'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    ...(USUAL_FOLDERS[platform] ?? []),
  ];
  const file = platform === 'win32' ? `${NAME}.exe` : NAME;
  const candidates =
    named !== undefined
      ? [named]
      : // Red Hat keeps its own under /usr/libexec with a name of its own.
        folders.flatMap((folder) => [
          join(folder, file),
          ...(platform === 'linux' ? [join(folder, 'qemu-kvm')] : []),
        ]);
  for (const path of candidates) {
    if (!(await exists(path, constants.X_OK))) continue;
    const version = await askVersion(path);
    if (version !== null) return { path, version };
  }
  throw new IronliftError(
    'QEMU_NOT_FOUND',
    named === undefined
      ? 'QEMU, which test boots need, is not on this computer.'
      : `${named} is not a QEMU program that starts.`,
    { next: INSTALL[platform] ?? INSTALL.linux! },
  );
}

/** `QEMU emulator version 7.2.22 (Debian ...)` */
function askVersion(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: 15_000, windowsHide: true }, (error, output) => {
      const match = /QEMU emulator version (\d+(?:\.\d+)*)/u.exec(output);
      resolve(error === null ? (match?.[1] ?? null) : null);
    });
  });
}

/** Code and empty variables, by distribution, each relative to the folder of shared files. */
const FIRMWARE = [
  ['OVMF/OVMF_CODE_4M.fd', 'OVMF/OVMF_VARS_4M.fd'], // Debian, Ubuntu
  ['edk2/ovmf/OVMF_CODE.fd', 'edk2/ovmf/OVMF_VARS.fd'], // Fedora, RHEL
  ['edk2/x64/OVMF_CODE.4m.fd', 'edk2/x64/OVMF_VARS.4m.fd'], // Arch
  ['qemu/ovmf-x86_64-4m-code.bin', 'qemu/ovmf-x86_64-4m-vars.bin'], // SUSE
  ['OVMF/OVMF_CODE.fd', 'OVMF/OVMF_VARS.fd'],
  ['qemu/edk2-x86_64-code.fd', 'qemu/edk2-i386-vars.fd'], // QEMU's own: Homebrew, and Windows without the `qemu/`
  ['edk2-x86_64-code.fd', 'edk2-i386-vars.fd'],
] as const;

/** UEFI firmware for a machine without Secure Boot. @throws UEFI_FIRMWARE_NOT_FOUND */
export async function findFirmware(qemu: string): Promise<{ code: string; variables: string }> {
  const beside = dirname(qemu);
  const shares = [join(beside, '..', 'share'), join(beside, 'share'), '/usr/share'];
  for (const share of shares) {
    for (const [code, variables] of FIRMWARE) {
      const found = { code: join(share, code), variables: join(share, variables) };
      if ((await exists(found.code, constants.R_OK)) && (await exists(found.variables, constants.R_OK)))
        return found;
    }
  }
  throw new IronliftError(
    'UEFI_FIRMWARE_NOT_FOUND',
    'The machine starts by UEFI, and there is no UEFI firmware for QEMU on this computer.',
    { next: 'Install it (Debian and Ubuntu: apt-get install ovmf; Fedora and RHEL: dnf install edk2-ovmf).' },
  );
}

async function exists(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}
