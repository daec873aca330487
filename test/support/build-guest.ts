/** `node test/support/build-guest.ts KIND...` builds servers for tests and prints the paths of their disks. */
import { buildGuest, GUEST_KINDS, type GuestKind } from './guests.ts';

const kinds = process.argv.slice(2);
for (const kind of kinds.length === 0 ? GUEST_KINDS : kinds) {
  if (!GUEST_KINDS.includes(kind as GuestKind)) {
    console.error(`No such server: ${kind}. There are: ${GUEST_KINDS.join(', ')}.`);
    process.exit(2);
  }
  const { disk } = await buildGuest(kind as GuestKind);
  console.log(disk);
}
