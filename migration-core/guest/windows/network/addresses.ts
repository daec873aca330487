import type { Fixer } from '../../fixer.ts';

export const networkAddresses: Fixer = {
  id: 'windows-network',
  title: 'Network settings',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
