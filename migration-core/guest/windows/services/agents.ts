import type { Fixer } from '../../fixer.ts';

export const agents: Fixer = {
  id: 'windows-agents',
  title: 'Software of hardware vendors and hypervisors',
  applies: () => false,
  plan: async () => ({ edits: [], findings: [] }),
};
