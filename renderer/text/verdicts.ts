/** Verdicts in words; the sentences of a verdict come from the assessment itself. */
export const verdicts = {
  'good-candidate': 'Good candidate',
  'candidate-with-conditions': 'With conditions',
  'keep-physical': 'Keep physical',
  'os-virtualization': 'OS virtualization',
  clustering: 'Clustering',
  unknown: 'Collect more',
  'already-virtual': 'Already virtual',
} as const;

export const withConditions = (count: number): string =>
  count === 0 ? 'With conditions' : `With conditions: ${String(count)}`;

export const resources = {
  cpu: 'Processor',
  memory: 'Memory',
  diskOperations: 'Disk operations',
  diskBytes: 'Disk throughput',
  networkBytes: 'Network',
  storage: 'Disk space',
  vcpus: 'Virtual processors',
  machines: 'Number of machines',
  critical: 'Critical machines',
  none: 'Nothing',
} as const;

export const units = {
  cpu: '%',
  memory: 'bytes',
  diskOperations: 'IOPS',
  diskBytes: 'bytes/s',
  networkBytes: 'bytes/s',
} as const;

export const methods: Readonly<Record<string, string>> = {
  'p2v-cold': 'Convert, switched off',
  'p2v-hot': 'Convert while it runs',
  rebuild: 'Build anew',
  application: 'Move the application',
  retire: 'Retire',
  v2v: 'Convert the virtual machine',
  stay: 'Stays',
};

export const usages = {
  active: 'In use',
  idle: 'Idle',
  zombie: 'Nobody uses it',
  unknown: 'Not known',
} as const;

export const criticalities: Readonly<Record<string, string>> = {
  low: 'Low',
  normal: 'Normal',
  high: 'High',
  critical: 'Critical',
};

export const environments: Readonly<Record<string, string>> = {
  production: 'Production',
  'disaster-recovery': 'Disaster recovery',
  test: 'Test',
  development: 'Development',
  training: 'Training',
  lab: 'Lab',
};
