/** Whether the server reaches disks over several paths (device-mapper multipath), going by what its files remember. */
import type { GuestReader } from '../fixer.ts';
import { readTextFile } from './edit-plan.ts';

/** Maps that multipathd has made, one in a line; comments begin with `#`. */
const MEMORIES = ['/etc/multipath/wwids', '/etc/multipath/bindings', '/var/lib/multipath/bindings'];
const USERS = ['/etc/fstab', '/etc/crypttab', '/etc/lvm/devices/system.devices'];

export async function isMultipathInUse(files: GuestReader): Promise<boolean> {
  for (const path of MEMORIES)
    if (/^[^#\s]/m.test((await readTextFile(files, path))?.text ?? '')) return true;
  for (const path of USERS)
    if (
      /^[^#\n]*(\/dev\/mapper\/mpath|mpath[a-z]|IDTYPE=mpath_uuid)/m.test(
        (await readTextFile(files, path))?.text ?? '',
      )
    )
      return true;
  return false;
}
