import type { Fixer } from '../../fixer.ts';

export const injectDrivers: Fixer = {
  id: 'windows-drivers',
  title: 'Drivers from the driver source',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
