import { GiB } from '../../support.ts';
import { windows, noSize, type GateCases } from './parts.ts';

export const applications: GateCases = {
  B8: {
    fires: [
      {
        name: 'a database that takes longer than it may',
        inventory: { roles: ['database'] },
        annotations: { downtimeMinutes: 60, backup: { windows: [], toleratesFreeze: false } },
        sized: { copyBytes: 1000 * GiB },
        because:
          'A copy of 1000 GiB while it stands still needs 5 h 6 min with the cut-over, 60 minutes are allowed, and it cannot be copied consistently while it runs.',
        fixable: true,
      },
      {
        name: 'not even the cut-over fits',
        annotations: { downtimeMinutes: 30 },
        because: 'Even a copy while it runs needs 75 minutes for the cut-over, and 30 minutes are allowed.',
        fixable: true,
      },
    ],
    unknown: [
      noSize,
      { annotations: { downtimeMinutes: undefined }, what: 'how long it may stand still', severity: 'info' },
    ],
    silent: [
      {
        name: 'a hot copy that fits',
        sized: { copyBytes: 10_000 * GiB },
        annotations: { downtimeMinutes: 80 },
      },
    ],
  },
  W9: {
    fires: [
      {
        name: 'by its service',
        inventory: {
          ...windows('Microsoft Windows Server 2019 Standard'),
          roles: undefined,
          services: [{ name: 'NTDS', running: true }],
        },
        because: 'It is a domain controller: two copies of it, or an old one, damage the directory.',
      },
    ],
    unknown: [
      {
        inventory: { roles: undefined, services: undefined, software: undefined, listeners: undefined },
        what: 'roles and services',
        severity: 'warning',
      },
    ],
  },
  W10: {
    fires: [
      {
        name: 'a database with little downtime',
        inventory: { roles: ['database'] },
        annotations: { downtimeMinutes: 80 },
        because:
          'It holds data that change all the time (database), and a copy while it runs may not be consistent.',
      },
    ],
    unknown: [
      {
        inventory: { roles: undefined, services: undefined, software: undefined, listeners: undefined },
        what: 'roles and services',
        severity: 'warning',
      },
    ],
    silent: [{ name: 'a database that may stand still long enough', inventory: { roles: ['database'] } }],
  },
  W17: {
    fires: [
      {
        name: 'a telephone system',
        inventory: { services: [{ name: 'asterisk', running: true }] },
        because:
          'It depends on exact time (telephony), and the clock of a machine stands still when the host is busy.',
      },
      {
        name: 'a mark of its owner',
        annotations: { timeCritical: true },
        because:
          'It depends on exact time, as its owner says, and the clock of a machine stands still when the host is busy.',
      },
    ],
    unknown: [
      {
        annotations: { timeCritical: undefined },
        what: 'whether it depends on exact time (telephony, trading, source of time)',
        severity: 'info',
      },
    ],
  },
  W25: {
    fires: [
      {
        name: 'a backup by proxy',
        annotations: { backup: { windows: [], method: 'proxy', toleratesFreeze: false } },
        because: 'It must not stand still for a moment, and a backup by the proxy makes it do so.',
      },
    ],
    unknown: [
      {
        inventory: { roles: ['database'] },
        annotations: { backup: undefined },
        what: 'whether it may stand still for a moment while a snapshot is taken',
        severity: 'info',
      },
    ],
    silent: [
      { name: 'an agent', annotations: { backup: { windows: [], method: 'agent', toleratesFreeze: false } } },
    ],
  },
};
