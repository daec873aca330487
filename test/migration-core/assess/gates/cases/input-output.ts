import { contextOf } from '../../support.ts';
import { pci, windows, noSize, notMeasured, type GateCases } from './parts.ts';

export const inputOutput: GateCases = {
  B5: {
    fires: [
      {
        name: 'extreme load on emulated devices',
        context: contextOf('virtualbox'),
        sized: { io: { class: 'extreme', operations: 14_200, bytes: 500e6, storageShare: 0.31 } },
        because:
          "Its input and output are extreme (p95: 14 200 operations/s, 500 MB/s, 31 % of what a host's storage gives), and devices of VirtualBox make each request 20 % slower for this system, where 10 % is the limit.",
        fixable: false,
      },
      {
        name: 'high load in 2007, even with paravirtual drivers',
        context: contextOf('proxmox', {}, 'seed-2007'),
        sized: { io: { class: 'high', operations: 5000, bytes: null, storageShare: null } },
        because:
          'Its input and output are high (p95: 5 000 operations/s), and devices of Proxmox VE make each request 2 % slower for this system, where 1 % is the limit.',
        fixable: false,
      },
      {
        name: 'a guest without drivers on a paravirtual platform',
        inventory: windows('Microsoft Windows 2000 Server', { architecture: 'x86' }),
        sized: { io: { class: 'extreme', operations: 14_200, bytes: null, storageShare: null } },
        because:
          'Its input and output are extreme (p95: 14 200 operations/s), and devices of Proxmox VE make each request 20 % slower for this system, where 10 % is the limit.',
        fixable: false,
      },
    ],
    unknown: [noSize, { ...notMeasured, context: contextOf('virtualbox') }],
    silent: [
      { name: 'paravirtual drivers today', sized: { io: { class: 'extreme', operations: 14_200 } } },
      {
        name: 'in 2007 with the controller handed through',
        context: contextOf('proxmox', {}, 'seed-2007'),
        inventory: { devices: [{ ...pci('1000', '005d', '010400', 'MegaRAID'), address: '0000:02:00.0' }] },
        annotations: { passThrough: ['0000:02:00.0'] },
        sized: { io: { class: 'high', operations: 5000 } },
      },
    ],
  },
  W1: {
    fires: [
      {
        name: 'a high class with peaks',
        sized: { io: { class: 'high', operations: 5000, bytes: 200e6, storageShare: 0.2, burstiness: 30 } },
        because:
          "Its input and output are high (p95: 5 000 operations/s, 200 MB/s, 20 % of what a host's storage gives); peaks are 30 times the median.",
      },
      {
        name: 'fast storage today',
        sized: { io: { operations: 2500, latency: 0.001 } },
        because: 'Its disks answer in 1.0 ms at 2 500 operations/s, so it is used to fast storage.',
      },
      {
        name: 'a mark of its owner',
        annotations: { latencySensitive: true },
        because: 'It is marked as sensitive to latency.',
      },
      {
        name: 'no headroom left',
        sized: { io: { latency: 0.0198 } },
        because: 'Its disk latency of 19.8 ms would pass 20.0 ms with what the platform adds.',
      },
    ],
    unknown: [noSize, notMeasured],
  },
  W16: {
    fires: [
      {
        name: 'its own disks',
        sized: { io: { constrained: true, latency: 0.035 } },
        because:
          'Its own disks hold it back already (latency p95 35.0 ms): what was measured is less than what it would like.',
      },
    ],
    unknown: [noSize, notMeasured],
  },
};
