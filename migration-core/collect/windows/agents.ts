/** The catalogue of hardware vendors' software on Windows (resources/agents/windows.json), checked when it is loaded. */
import { z } from 'zod';
import catalogue from '../../../resources/agents/windows.json' with { type: 'json' };

const sentence = z.string().regex(/^[A-Z].*\.$/u);

const agent = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/u),
  vendor: z.string().min(1),
  name: z.string().min(1),
  why: sentence,
  /** Names of services and drivers as they are in the registry; compared without regard to case. */
  services: z.array(z.string().min(2)),
  /** Beginnings of names in the list of programs. */
  software: z.array(z.string().min(6)).default([]),
});
export type WindowsAgent = z.output<typeof agent>;

export const windowsAgents: readonly WindowsAgent[] = z
  .strictObject({ entries: z.array(agent).min(1) })
  .parse(catalogue).entries;
