/** B9, W6: volumes that only a key opens. */
import type { Volume } from '../../store/model/inventory.ts';
import { listed, notSeen, type GateRule, type Subject } from './gate.ts';

const isRoot = ({ mountPoint }: Volume): boolean =>
  mountPoint === '/' || mountPoint === '/boot' || /^[Cc]:\\?$/u.test(mountPoint ?? '');

const encrypted = ({ facts }: Subject): Volume[] =>
  (facts.inventory?.volumes ?? []).filter((volume) => volume.encryption !== undefined);

/** Encrypted ones that the system starts from: mounted there, or a container without a place of its own below it. */
function ofSystem(subject: Subject): Volume[] {
  const { disks, volumes } = subject.facts.inventory ?? {};
  const systemDisks = new Set([
    ...(disks ?? []).filter(({ system }) => system === true).map(({ name }) => name),
    ...(volumes ?? []).filter(({ mountPoint }) => mountPoint === '/').flatMap((volume) => volume.disks ?? []),
  ]);
  return encrypted(subject).filter(
    (volume) =>
      isRoot(volume) ||
      ((volume.mountPoint ?? '') === '' &&
        volume.fileSystem !== 'swap' &&
        (volume.disks ?? []).some((disk) => systemDisks.has(disk))),
  );
}

const KIND = { luks: 'LUKS', bitlocker: 'BitLocker', other: 'encrypted' } as const;
const nameOf = (volume: Volume): string =>
  `${volume.mountPoint ?? volume.name} (${KIND[volume.encryption!]})`;

export const b9: GateRule = {
  id: 'B9',
  severity: 'blocker',
  title: 'Encrypted system disk without a key',
  rules: [],
  find(subject) {
    const { facts } = subject;
    if (facts.inventory?.volumes === undefined)
      return notSeen(subject, 'volumes', 'its system disk is encrypted');
    const found = ofSystem(subject).map(nameOf);
    if (found.length === 0 || facts.annotations.encryptionKeyKnown === true) return null;
    return {
      because: `The system disk is encrypted (${listed(found)}), and ${facts.annotations.encryptionKeyKnown === false ? 'its key is not known' : 'nobody has said that its key is known'}.`,
      fix: 'Find the recovery key or passphrase, or decrypt the volume on the running server before the move.',
      evidence: found,
      fixable: true,
    };
  },
};

export const w6: GateRule = {
  id: 'W6',
  severity: 'warning',
  title: 'BitLocker or LUKS',
  rules: [],
  find(subject) {
    if (subject.facts.inventory?.volumes === undefined)
      return notSeen(subject, 'volumes', 'volumes are encrypted');
    const found = encrypted(subject).map(nameOf);
    if (found.length === 0) return null;
    return {
      because: `${listed(found)}: only what was decrypted can be copied by used blocks${encrypted(subject).some(({ encryption }) => encryption === 'bitlocker') ? ', and BitLocker asks for its recovery key on a new board' : ''}.`,
      fix: 'Suspend or remove the encryption before the copy, have the recovery key at hand, and encrypt anew after the move.',
      evidence: found,
    };
  },
};
