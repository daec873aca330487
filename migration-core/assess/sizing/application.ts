/** Sizing by what a server is for, where nothing was measured: cards of applications with their clients (SR-57). */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Reason } from '../model/assessment.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';

const figure = z.number().nonnegative();
const needs = z.strictObject({
  /** Core units. */
  cpu: figure,
  memoryBytes: figure,
  diskOperations: figure,
  diskBytes: figure,
  networkBytes: figure,
});
export type ApplicationNeeds = z.infer<typeof needs>;

const cards = z.strictObject({
  about: z.string(),
  cards: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      /** What `clients` counts. */
      client: z.string(),
      source: z.string().min(3),
      base: needs,
      perClient: needs,
    }),
  ),
});
export type ApplicationCard = z.infer<typeof cards>['cards'][number];

const FILE = fileURLToPath(new URL('../../../resources/application-cards.json', import.meta.url));
/** More clients has no single server; the product stays a number. */
const MAX_CLIENTS = 1e9;

let shipped: ApplicationCard[] | undefined;
export const applicationCards = (): readonly ApplicationCard[] =>
  (shipped ??= cards.parse(JSON.parse(readFileSync(FILE, 'utf8'))).cards);

const ZERO: ApplicationNeeds = { cpu: 0, memoryBytes: 0, diskOperations: 0, diskBytes: 0, networkBytes: 0 };

/** What the applications need beside the operating system; null where no card is known. */
export function needsOf(
  sizedBy: NonNullable<ServerAnnotations['sizedBy']>,
): { needs: ApplicationNeeds; reasons: Reason[] } | null {
  const needs = { ...ZERO };
  const reasons: Reason[] = [];
  let known = 0;
  for (const { card: id, clients } of sizedBy) {
    const card = applicationCards().find((one) => one.id === id);
    if (card === undefined) {
      reasons.push({
        tone: 'note',
        text: `There is no application card “${id}”; it counts as nothing.`,
        rules: [],
      });
      continue;
    }
    known++;
    for (const name of Object.keys(ZERO) as (keyof ApplicationNeeds)[])
      needs[name] += card.base[name] + card.perClient[name] * Math.min(clients, MAX_CLIENTS);
    reasons.push({
      tone: 'note',
      text: `It is sized as ${card.title} with ${clients} ${card.client}, for nothing was measured.`,
      value: clients,
      rules: [],
    });
  }
  return known === 0 ? null : { needs, reasons };
}
