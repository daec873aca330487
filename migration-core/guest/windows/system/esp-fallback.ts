import type { Fixer } from '../../fixer.ts';

export const espFallback: Fixer = {
  id: 'windows-esp-fallback',
  title: 'Start without a boot list in the firmware',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
