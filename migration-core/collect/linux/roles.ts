/** What a server is for: rules of resources/roles/linux.json over its services and listeners. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { IronliftError } from '../../base/errors.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';

const word = z.string().regex(/^[A-Za-z0-9_.@*-]+$/u);

const rulesSchema = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        /** `web`, `database` ...: what the server is to others. */
        role: z.string().regex(/^[a-z-]+$/u),
        /** Services that run or start by themselves; `*` at the end stands for any rest. */
        services: z.array(word).default([]),
        /** Programs that listen. */
        processes: z.array(word).default([]),
        /** Ports that say it where the program is not known; `tcp/443`. */
        ports: z.array(z.string().regex(/^(?:tcp|udp)\/\d{1,5}$/u)).default([]),
      }),
    )
    .min(1),
});

export type RoleRules = z.infer<typeof rulesSchema>['rules'];

let rules: RoleRules | undefined;

/** @throws CATALOGUE_DAMAGED */
export function roleRules(): RoleRules {
  if (rules !== undefined) return rules;
  try {
    const text = readFileSync(new URL('../../../resources/roles/linux.json', import.meta.url), 'utf8');
    return (rules = rulesSchema.parse(JSON.parse(text)).rules);
  } catch (cause) {
    throw new IronliftError('CATALOGUE_DAMAGED', 'The rules for the roles of servers cannot be read.', {
      next: 'Install Ironlift again; the file came with it.',
      cause,
    });
  }
}

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** @returns undefined where neither services nor listeners are known */
export function rolesOf(
  inventory: Pick<ServerInventory, 'services' | 'listeners'>,
  table: RoleRules = roleRules(),
): string[] | undefined {
  const { services, listeners } = inventory;
  if (services === undefined && listeners === undefined) return undefined;
  // Where it is known what runs, what only could run does not count.
  const known = services?.some(({ running }) => running !== undefined) === true;
  const active = (services ?? []).filter(({ running, startType }) =>
    known ? running === true : startType === 'auto',
  );
  // Others cannot reach what listens on the machine's own addresses.
  const open = (listeners ?? []).filter(({ address }) => !/^127\.|^::1$/u.test(address));
  return table
    .filter(
      (rule) =>
        active.some(({ name }) => rule.services.some((pattern) => matches(pattern, name))) ||
        open.some(
          ({ process, protocol, port }) =>
            (process !== undefined && rule.processes.some((pattern) => matches(pattern, process))) ||
            (process === undefined && services === undefined && rule.ports.includes(`${protocol}/${port}`)),
        ),
    )
    .map(({ role }) => role)
    .filter((role, index, all) => all.indexOf(role) === index);
}
