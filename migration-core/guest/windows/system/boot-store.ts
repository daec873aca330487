import type { Fixer } from '../../fixer.ts';

export const bootStore: Fixer = {
  id: 'windows-boot-store',
  title: 'Boot configuration',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
