/** From the uses of a disk to what is said about them: a refusal, or a warning where they were accepted. */
import type { ErrorCode } from '../base/error-codes.ts';
import { IronliftError } from '../base/errors.ts';
import type { Finding } from '../base/finding.ts';
import type { Use } from './in-use.ts';

/** Findings where the uses are harmless or were accepted. @throws a refusal for the first of `writing`. */
export function useFindings(spec: string, uses: Use[], writing: Use[], allowed: boolean): Finding[] {
  const first = writing.find(({ kind }) => kind === 'mount') ?? writing[0];
  if (first === undefined)
    return uses.some(({ kind }) => kind === 'mount')
      ? [
          {
            severity: 'info',
            code: 'SOURCE_MOUNTED_READ_ONLY',
            message: `${spec} is mounted read-only here.`,
          },
        ]
      : [];
  const { code, message, next } = refusalOf(spec, first);
  // A path of a multipath disk is not made right by accepting it: the other paths are the same disk.
  if (!allowed || first.kind === 'multipath')
    throw new IronliftError(code, message, { next, data: { uses: writing } });
  return [
    {
      severity: 'warning',
      code,
      message: `${message} It is read all the same, as asked for; what changes meanwhile will be inconsistent in the copy.`,
      next: 'Check the converted machine carefully, and copy again with the server at rest if anything is odd.',
    },
  ];
}

function refusalOf(spec: string, use: Use): { code: ErrorCode; message: string; next: string } {
  const rest = 'start the server from a live medium, or take a snapshot and convert that';
  switch (use.kind) {
    case 'mount':
      return {
        code: 'SOURCE_MOUNTED',
        message: `${spec} is in use: ${use.device} is mounted read-write at ${use.detail}.`,
        next: `Unmount it or remount it read-only (mount -o remount,ro ${use.detail}); for a running server, ${rest}.`,
      };
    case 'swap':
      return {
        code: 'SOURCE_IN_USE',
        message: `${spec} is in use: this computer swaps to ${use.device}.`,
        next: `Stop that with swapoff -a; for a running server, ${rest}.`,
      };
    case 'lvm':
      return {
        code: 'SOURCE_IN_USE',
        message: `${spec} is in use: ${use.device} belongs to the active LVM volume ${use.detail}.`,
        next: `Deactivate its volume group with vgchange -an; for a running server, ${rest}.`,
      };
    case 'raid':
      return {
        code: 'SOURCE_IN_USE',
        message: `${spec} is in use: ${use.device} is a member of the active RAID array ${use.detail}.`,
        next: `Stop the array with mdadm --stop /dev/${use.detail}; for a running server, ${rest}.`,
      };
    case 'multipath':
      return {
        code: 'SOURCE_IN_USE',
        message: `${spec} is one of several paths to the multipath disk ${use.detail}.`,
        next: `Name the disk itself, /dev/mapper/${use.detail}.`,
      };
    case 'encryption':
      return {
        code: 'SOURCE_IN_USE',
        message: `${spec} is in use: the encrypted volume on ${use.device} is open as ${use.detail}.`,
        next: `Close it with cryptsetup close ${use.detail}; for a running server, ${rest}.`,
      };
    case 'mapping':
      return {
        code: 'SOURCE_IN_USE',
        message: `${spec} is in use: ${use.device} is held by ${use.detail}.`,
        next: `Stop what uses it; for a running server, ${rest}.`,
      };
  }
}
