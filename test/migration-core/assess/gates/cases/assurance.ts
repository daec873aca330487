import { confidenceOf, contextOf, factsOf, GiB, profileOf } from '../../support.ts';
import type { GateCases } from './parts.ts';

export const assurance: GateCases = {
  W15: {
    fires: [
      {
        name: 'two stars',
        confidence: confidenceOf(2, [
          { limit: 40, why: 'Less than a day was measured.', next: 'Measure for a week.' },
        ]),
        because: 'Confidence is 2 of 5 stars, and a good candidate has 3. Less than a day was measured.',
      },
    ],
    unknown: [],
  },
  W24: {
    fires: [
      {
        name: 'a platform without failover',
        context: contextOf('kvm'),
        because:
          'The server is marked "production", and KVM (libvirt) by itself restarts no machines of a host that failed.',
      },
      {
        name: 'an architecture of 2007',
        context: contextOf('full-virtualization-2007'),
        annotations: { environment: 'test', criticality: 'critical' },
        because:
          'The server is marked "critical", and full virtualization is for old systems, test, training and development.',
      },
      {
        name: 'disks of one host',
        context: contextOf('proxmox', { host: { ...contextOf().host, storage: 'local' } }),
        because:
          'The server is marked "production", and machines on disks of one host cannot be restarted on another.',
      },
    ],
    unknown: [],
    silent: [{ name: 'a test server', context: contextOf('kvm'), annotations: { environment: 'test' } }],
  },
  I1: {
    fires: [
      {
        name: 'idle',
        severity: 'info',
        facts: { profile: profileOf({ cpu: 3, memory: 4 * GiB, network: 0.01, operations: 20 }) },
        because:
          "Retire it instead? It has next to nothing to do: processors 3.0 %, memory beyond the system's own 3.1 %, network 1.0 % (p95).",
      },
      {
        name: 'zombie',
        severity: 'info',
        facts: { profile: profileOf({ cpu: 0.2, memory: 2 * GiB, network: 0.0001, operations: 0 }) },
        because:
          "Retire it instead? In 30 days it did next to nothing: processors 0.2 %, memory beyond the system's own 0.0 %, network 0.0 % (p95).",
      },
    ],
    unknown: [{ facts: { profile: null }, what: 'use of the server', severity: 'info' }],
  },
  I2: {
    fires: [
      {
        name: 'RHEL 5',
        severity: 'info',
        inventory: {
          operatingSystem: {
            family: 'linux',
            id: 'rhel',
            name: 'Red Hat Enterprise Linux Server release 5.11 (Tikanga)',
            version: '5.11',
            architecture: 'x86_64',
          },
        },
        because:
          'Red Hat Enterprise Linux 5 (supported until 2017-03-31) gets no drivers for new hardware: a virtual machine is how it outlives its server.',
      },
    ],
    unknown: [{ inventory: { operatingSystem: undefined }, what: 'operating system', severity: 'info' }],
  },
  I3: {
    fires: [
      {
        name: 'three of a kind',
        severity: 'info',
        others: ['web02', 'web03'].map((name) => factsOf({}, {}, { name })),
        because: 'It is one of 3 servers that are alike in all that was compared, and the pilot.',
      },
    ],
    unknown: [],
    silent: [{ name: 'a pair', others: [factsOf({}, {}, { name: 'web02' })] }],
  },
  I4: {
    fires: [
      {
        name: 'critical and not to be clustered',
        severity: 'info',
        annotations: { criticality: 'critical', clustering: 'none' },
        because:
          'It is critical and its application cannot be clustered: Proxmox VE restarts it on another host when its own fails.',
      },
    ],
    unknown: [],
    silent: [
      {
        name: 'critical, of which nobody knows',
        annotations: { criticality: 'critical' },
        inventory: { roles: ['erp'], services: [], listeners: [] },
      },
    ],
  },
};
