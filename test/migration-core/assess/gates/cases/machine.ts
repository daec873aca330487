import { contextOf } from '../../support.ts';
import { part, type GateCases } from './parts.ts';

export const machine: GateCases = {
  W7: {
    fires: [
      {
        name: 'UEFI where there is none',
        inventory: { firmware: { kind: 'uefi', secureBoot: false } },
        context: contextOf('full-virtualization-2007'),
        because: 'It uses UEFI, which Full virtualization without hardware assistance (2007) does not have.',
      },
      {
        name: 'Secure Boot',
        inventory: { firmware: { kind: 'uefi', secureBoot: true } },
        because: 'It uses Secure Boot; keys in its hardware do not move along.',
      },
      {
        name: 'a TPM where there is none',
        inventory: {
          firmware: { kind: 'uefi', secureBoot: false },
          drivers: [{ name: 'tpm_tis', loaded: true }],
        },
        context: contextOf('ova'),
        because: 'It uses a TPM, which OVA (VMware, VirtualBox) does not have.',
      },
    ],
    unknown: [
      part('firmware', 'firmware'),
      { inventory: { firmware: { kind: 'uefi' } }, what: 'firmware', severity: 'info' },
    ],
    silent: [{ name: 'UEFI alone', inventory: { firmware: { kind: 'uefi', secureBoot: false } } }],
  },
  W14: {
    fires: [
      {
        name: 'VLANs where the platform has no trunks',
        inventory: {
          networkInterfaces: [
            { name: 'eth0.10', kind: 'vlan', vlan: 10 },
            { name: 'eth0.20', kind: 'vlan', vlan: 20 },
          ],
        },
        context: contextOf('virtualbox'),
        because:
          'It uses VLAN 10 and VLAN 20, and VirtualBox takes no 802.1Q trunks to its virtual switches.',
      },
      {
        name: 'VLANs',
        severity: 'info',
        inventory: { networkInterfaces: [{ name: 'eth0.10', kind: 'vlan', vlan: 10 }] },
        because:
          'It uses VLAN 10, which a managed virtual switch of Proxmox VE carries over an 802.1Q trunk.',
      },
      {
        name: 'a team',
        severity: 'info',
        inventory: {
          networkInterfaces: [
            { name: 'bond0', kind: 'bond', members: ['eth0', 'eth1'], teamMode: '802.3ad' },
          ],
        },
        because: 'bond0 joins several network ports, which become one virtual card.',
      },
    ],
    unknown: [part('networkInterfaces', 'network interfaces')],
  },
  W18: {
    fires: [
      { name: 'a virtual machine', inventory: { virtual: 'VMware' }, because: 'It runs on VMware already.' },
      {
        name: 'a host of machines',
        inventory: { services: [{ name: 'vmms', running: true }] },
        because: 'It runs virtual machines itself, which would be nested.',
      },
    ],
    unknown: [
      { inventory: null, what: 'roles and services', severity: 'warning' },
      {
        inventory: { roles: undefined, services: undefined, software: undefined, listeners: undefined },
        what: 'roles and services',
        severity: 'warning',
      },
    ],
  },
  W20: {
    fires: [
      {
        name: 'agents',
        severity: 'info',
        inventory: { vendorAgents: [{ name: 'Dell OpenManage' }, { name: 'HP Insight' }] },
        because:
          'Dell OpenManage and HP Insight belong to the present hardware and would look for it in vain.',
      },
    ],
    unknown: [part('vendorAgents', 'agents of hardware vendors', 'info')],
  },
};
