/** Rows of one list that name the same server. */
import type { ServerIdentity } from '../../../store/model/identity.ts';

/** Rows of one name that are compared with the next; a hundredth "unknown" tells nothing more. */
const MAX_TWINS = 100;

export class Twins {
  readonly #rows = new Map<string, { row: number; identity: ServerIdentity }[]>();
  readonly #shared = new Set<string>();

  /** Names that more than one server of the list has, as the first of them spells it. */
  get shared(): string[] {
    return [...this.#shared];
  }

  /** The row before that is taken for the same server, for no more than its name; null where there is none. */
  before(identity: ServerIdentity, row: number): number | null {
    const key = identity.name.trim().toLowerCase();
    const alike = this.#rows.get(key);
    if (alike === undefined) {
      this.#rows.set(key, [{ row, identity }]);
      return null;
    }
    const differs = (one: string | undefined, other: string | undefined): boolean =>
      one !== undefined && other !== undefined && one.toLowerCase() !== other.toLowerCase();
    const equals = (one: string | undefined, other: string | undefined): boolean =>
      one !== undefined && one.toLowerCase() === other?.toLowerCase();
    const same = alike.filter(
      ({ identity: other }) =>
        !differs(other.smbiosUuid, identity.smbiosUuid) &&
        !differs(other.serial, identity.serial) &&
        !differs(other.fqdn, identity.fqdn),
    );
    if (alike.length < MAX_TWINS) alike.push({ row, identity });
    const [twin] = same;
    if (twin === undefined) this.#shared.add(alike[0]!.identity.name);
    // Who has the same number is the same server, said twice.
    if (
      twin === undefined ||
      same.some(({ identity: other }) => equals(other.smbiosUuid, identity.smbiosUuid))
    )
      return null;
    return same.some(({ identity: other }) => equals(other.serial, identity.serial)) ? null : twin.row;
  }
}
