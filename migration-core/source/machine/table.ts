import { hyperv } from './hyperv.ts';
import { libvirt } from './libvirt.ts';
import type { MachineDialect } from './machine.ts';
import { ovf } from './ovf.ts';
import { proxmox } from './proxmox.ts';
import { vbox } from './vbox.ts';
import { vmc } from './vmc.ts';
import { vmx } from './vmx.ts';

/** Descriptions of machines that are read. A new one is a file of its own and a line here. */
export const machineDialects: readonly MachineDialect[] = [vmx, ovf, libvirt, vbox, proxmox, hyperv, vmc];
