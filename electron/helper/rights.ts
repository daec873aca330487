/** From root to the person who asked: what was opened stays open, and nothing else can be. */

type Rights = Pick<NodeJS.Process, 'getuid' | 'setuid' | 'setgid' | 'setgroups'>;

/** Of a user and of a group with no rights, by the custom of Linux. */
const NOBODY = 65_534;

/** pkexec and sudo tell who asked. Root itself, who needs no helper, becomes nobody. */
export function giveUpRights(
  rights: Rights,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  if (rights.getuid?.() !== 0) return;
  const told = environment['PKEXEC_UID'] ?? environment['SUDO_UID'] ?? '';
  const uid = /^[1-9]\d{0,9}$/u.test(told) ? Number(told) : NOBODY;
  // Groups first: afterwards there is no right to.
  rights.setgroups?.([]);
  rights.setgid?.(NOBODY);
  rights.setuid?.(uid);
  if (rights.getuid() === 0) throw new Error('The rights of root could not be given up.');
}
