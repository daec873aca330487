import { IronliftError } from '../base/errors.ts';
import { kvm } from './kvm.ts';
import type { Target } from './target.ts';
import { vmwareWorkstation } from './vmware-workstation.ts';

/** Every platform a conversion can be made for. A new one is a file of its own and a line here. */
export const targets: readonly Target[] = [kvm, vmwareWorkstation];

/** @throws USAGE for a platform that is not in the table. */
export function targetById(id: string): Target {
  const target = targets.find((candidate) => candidate.id === id);
  if (target !== undefined) return target;
  throw new IronliftError('USAGE', `There is no target platform called "${id}".`, {
    next: `Choose one of ${targets.map((known) => known.id).join(', ')} with --to.`,
  });
}
