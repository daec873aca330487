import type { Fixer } from '../../fixer.ts';

export const bootDrivers: Fixer = {
  id: 'windows-boot-drivers',
  title: 'Storage drivers of Windows itself, started at boot',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
