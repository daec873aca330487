import type { Fixer } from '../../fixer.ts';

export const sanPolicy: Fixer = {
  id: 'windows-san-policy',
  title: 'Data disks come online',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
