/** The cards of the new machine that stand for interfaces of the guest. */
import type { FixContext } from '../../fixer.ts';
import { normalMac } from './mac.ts';
import { isInterfaceName } from './statements.ts';

export interface NamedNic {
  name: string;
  /** Of the new card, lower case. */
  mac: string;
  /** Of the physical card, or null where no file of the guest tells it. */
  oldMac: string | null;
  /** Place among all cards of the machine, from 0. */
  place: number;
}

export function namedNics({ machine, guest }: Pick<FixContext, 'machine' | 'guest'>): NamedNic[] {
  return machine.nics.flatMap(({ guestName: name, mac: written }, place) => {
    const mac = normalMac(written);
    if (name === null || mac === null || !isInterfaceName(name)) return [];
    const known = guest.interfaces.find((entry) => entry.name === name)?.mac ?? null;
    return [{ name, mac, oldMac: known === null ? null : normalMac(known), place }];
  });
}
