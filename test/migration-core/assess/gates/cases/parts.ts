/** What cases of gates are, and what many of them change of the plain server. */
import type { Gate } from '../../../../../migration-core/assess/model/assessment.ts';
import { GiB, type Case } from '../../support.ts';

export interface Fires extends Case {
  name: string;
  because: string;
  severity?: Gate['severity'];
  fixable?: boolean;
}
export interface GateCase {
  fires: Fires[];
  /** Not known, with what is missing. */
  unknown: (Case & { what: string; severity: Gate['severity'] })[];
  silent?: (Case & { name: string })[];
}
/** By the id of the gate. */
export type GateCases = Record<string, GateCase>;

export const pci = (vendorId: string, deviceId: string, classId: string, name: string) => ({
  bus: 'pci' as const,
  vendorId,
  deviceId,
  classId,
  name,
});
export const dongle = {
  bus: 'usb' as const,
  vendorId: '0529',
  deviceId: '0001',
  vendor: 'Aladdin Knowledge Systems',
  name: 'HASP',
};
export const windows = (name: string, more: object = {}) => ({
  operatingSystem: { family: 'windows' as const, id: 'windows', name, architecture: 'x86_64', ...more },
});
export const disk = (more: object) => ({
  disks: [{ name: 'sda', bytes: 500 * GiB, sectorBytes: 512, system: true, partitionTable: 'gpt', ...more }],
});
export const volume = (more: object) => ({
  volumes: [{ name: 'sda1', mountPoint: '/', disks: ['sda'], kind: 'partition', ...more }],
});
export const noOs = {
  inventory: { operatingSystem: undefined },
  what: 'operating system',
  severity: 'warning' as const,
};
export const noSize = { sized: null, what: 'size of the machine', severity: 'warning' as const };
export const part = (name: string, what: string, severity: Gate['severity'] = 'warning') => ({
  inventory: { [name]: undefined },
  what,
  severity,
});
export const notMeasured = {
  sized: { io: { operations: null, bytes: null, storageShare: null, latency: null } },
  what: 'disk performance',
  severity: 'warning' as const,
};
