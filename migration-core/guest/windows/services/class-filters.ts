import type { Fixer } from '../../fixer.ts';

export const classFilters: Fixer = {
  id: 'windows-class-filters',
  title: 'Filters of storage devices',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
