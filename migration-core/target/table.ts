import { hyperv } from './hyperv/target.ts';
import { kvm } from './kvm.ts';
import { ova } from './ova/target.ts';
import { proxmox } from './proxmox.ts';
import type { Target } from './target.ts';
import { virtualbox } from './virtualbox.ts';
import { vmwareEsxi } from './vmware-esxi.ts';
import { vmwareWorkstation } from './vmware-workstation.ts';

/** Every platform a conversion can be made for. A new one is a file of its own and a line here. */
export const targets: readonly Target[] = [
  kvm,
  proxmox,
  vmwareEsxi,
  vmwareWorkstation,
  ova,
  hyperv,
  virtualbox,
];

/** Null for a platform that is not in the table. */
export function targetById(id: string): Target | null {
  return targets.find((target) => target.id === id) ?? null;
}
