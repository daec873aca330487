import type { Fixer } from '../../fixer.ts';

export const firstBoot: Fixer = {
  id: 'windows-first-boot',
  title: 'Work of the first start',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
