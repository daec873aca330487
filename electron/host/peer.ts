/**
 * Whose program is at the other end of a connection. The address that is printed stands in the list of processes for as
 * long as a browser is being started, where every user of this computer can read it: the code in it alone proves nobody.
 */
import { readFile } from 'node:fs/promises';

/** Tables of connections of a kernel under load have some thousand lines of 150 bytes. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** 127.0.0.1 as the kernel prints it on a little-endian machine, in either table. */
const LOOPBACK = /(?:^|FFFF0000)0100007F$/u;

/** Who may connect: root, who runs this, and for whom sudo or pkexec started it. null: that is not known, or not Linux. */
export function usersOf(
  platform: string,
  uid: number | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): readonly number[] | null {
  if (platform !== 'linux' || uid === undefined) return null;
  const told = [environment['SUDO_UID'], environment['PKEXEC_UID']].flatMap((one) =>
    one !== undefined && /^\d{1,10}$/u.test(one) ? [Number(one)] : [],
  );
  return uid === 0 && told.length === 0 ? null : [...new Set([0, uid, ...told])];
}

/** The user whose socket goes from one port of 127.0.0.1 to the other (proc_net_tcp(5)); null: the table has none. */
export function ownerIn(table: string, from: number, to: number): number | null {
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', remote = '', , , , , uid = ''] = line.trim().split(/\s+/u);
    const [address = '', port = ''] = local.split(':');
    if (Number.parseInt(port, 16) !== from || Number.parseInt(remote.split(':')[1] ?? '', 16) !== to)
      continue;
    if (LOOPBACK.test(address) && /^\d+$/u.test(uid)) return Number(uid);
  }
  return null;
}

/** null: nobody can tell. */
export async function peerUser(from: number | undefined, to: number | undefined): Promise<number | null> {
  if (from === undefined || to === undefined) return null;
  for (const path of TABLES) {
    const owner = ownerIn(await readFile(path, 'latin1').catch(() => ''), from, to);
    if (owner !== null) return owner;
  }
  return null;
}
