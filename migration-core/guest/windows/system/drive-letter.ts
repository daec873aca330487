/**
 * The drive letter of Windows. Windows finds its drives again by a table of disk signatures and partition starts, or of partition GUIDs
 * (MountedDevices). If its own drive is not found there it gets another letter, and nobody can log on, because programs are looked
 * for at the old one.
 */
import type { Finding } from '../../../base/finding.ts';
import { guidBytes } from '../../../base/guid.ts';
import { REG, binary } from '../../../registry/types.ts';
import type { HiveValue } from '../../../registry/value-list.ts';
import type { FixContext, Fixer, FixPlan, VolumeInfo } from '../../fixer.ts';
import { unlessDamaged } from '../services/service-keys.ts';
import { setValue } from '../storage/service-key.ts';
import { rootVolume } from './boot-ini.ts';

const KEY = 'MountedDevices';
/** In front of the GUID of a GPT partition. */
const GPT_PREFIX = 'DMIO:ID:';

export const driveLetter: Fixer = {
  id: 'windows-drive-letter',
  title: 'Drive letter of Windows',
  applies: ({ guest }) => guest.windows !== undefined,
  plan,
};

async function plan(context: FixContext): Promise<FixPlan> {
  const { guest, hives } = context;
  const windows = guest.windows!;
  const findings: Finding[] = [];
  const root = rootVolume(context);
  const wanted = root === undefined ? null : identityOf(root);
  if (wanted === null || !/^[A-Z]$/iu.test(windows.systemDrive)) return { edits: [], findings };
  const path = windows.hives.system;
  const system = await hives!.hive(path);
  const name = `\\DosDevices\\${windows.systemDrive.toUpperCase()}:`;
  const values = unlessDamaged(findings, 'the table of drive letters', null, () => {
    const letters =
      system
        .find(KEY)
        ?.values()
        .filter((value) => /^\\DosDevices\\[A-Z]:$/iu.test(value.name)) ?? [];
    return letters.filter((value) => isIdentity(value, wanted) || sameName(value.name, name));
  });
  if (values === null) return { edits: [], findings };
  const own = values.find((value) => sameName(value.name, name));
  if (own !== undefined && isIdentity(own, wanted)) return { edits: [], findings };
  const other = values.find((value) => value !== own);
  if (other !== undefined) {
    findings.push(otherLetter(windows.systemDrive, other.name.slice(-2)));
    return { edits: [], findings };
  }
  return {
    edits: [
      {
        what: `The partition of Windows gets its letter ${windows.systemDrive}: in the table of drives; the table ${own === undefined ? 'did not name it' : 'named another partition'}.`,
        why: 'Windows would give its own drive another letter, and nobody could log on.',
        action: { kind: 'registry', path, changes: [setValue(KEY, name, binary(wanted))] },
      },
    ],
    findings,
  };
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Type is not looked at twice: Windows compares the bytes. */
const isIdentity = (value: HiveValue, wanted: Uint8Array): boolean =>
  value.type === REG.BINARY && value.size === wanted.length && Buffer.compare(value.data, wanted) === 0;

/** How Windows writes a partition down; null where the volume is none, or its disk has no identity. */
function identityOf({ partition, offset, diskId, partUuid }: VolumeInfo): Uint8Array | null {
  if (partition === null || offset === undefined || diskId === undefined) return null;
  // Windows gives a disk without a signature one when it first sees it.
  if (diskId === '00000000') return null;
  if (/^[0-9a-f]{8}$/iu.test(diskId)) {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32LE(Number.parseInt(diskId, 16));
    bytes.writeBigUInt64LE(BigInt(offset), 4);
    return bytes;
  }
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu.test(partUuid)) return null;
  return Buffer.concat([Buffer.from(GPT_PREFIX, 'latin1'), guidBytes(partUuid)]);
}

const otherLetter = (letter: string, other: string): Finding => ({
  severity: 'warning',
  code: 'DRIVE_LETTER_TAKEN',
  message: `Windows calls its own drive ${letter}:, and its table of drives gives that partition the letter ${other}.`,
  next: 'Check that the server itself still starts and that this is the Windows it starts; the table is left as it is.',
});
