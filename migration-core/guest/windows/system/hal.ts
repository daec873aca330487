import type { Fixer } from '../../fixer.ts';

export const hal: Fixer = {
  id: 'windows-hal',
  title: 'Hardware abstraction layer of XP and 2003',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
