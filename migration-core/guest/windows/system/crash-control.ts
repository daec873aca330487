import type { Fixer } from '../../fixer.ts';

export const crashControl: Fixer = {
  id: 'windows-crash-control',
  title: 'Restart after a stop error',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
