import type { Fixer } from '../../fixer.ts';

export const processor: Fixer = {
  id: 'windows-processor',
  title: 'Processor drivers',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
