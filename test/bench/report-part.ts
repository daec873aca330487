/**
 * An engagement to measure reports with: `node report-part.ts N FILE` makes up an estate of N servers (plan-estate.ts) and
 * keeps it in an engagement file as work on it would have left it: with inventories, demand profiles and a plan. Of the
 * samples there are two for each server, for a report asks for the profiles alone.
 */
import { encodeProfile } from '../../migration-core/assess/characterise/codec.ts';
import { shippedRulePacks } from '../../migration-core/assess/rules/pack.ts';
import { collectedIn, planInputsOf } from '../../migration-core/plan/inputs.ts';
import type { PlanDocument } from '../../migration-core/plan/model/plan-document.ts';
import { scenario } from '../../migration-core/plan/model/scenario.ts';
import { assessStudy, planStudy } from '../../migration-core/plan/study.ts';
import { createEngagement } from '../../migration-core/store/open.ts';
import { apartIn, estateOf } from './plan-estate.ts';

const NOW = Date.UTC(2026, 8, 7);
const FIVE_MINUTES = 300_000;
/** Days of samples that the profiles were made of. */
const DAYS = 30;

async function makeEngagement(count: number, path: string): Promise<void> {
  const engagement = createEngagement(path, { name: 'bench', now: () => NOW });
  try {
    const collection = engagement.beginCollection({
      ...{ collector: 'local', source: 'made up', digest: null, startedAt: NOW },
    });
    for (const { inventory, annotations, profile } of estateOf(count)) {
      const { id } = engagement.server(inventory.identity, NOW);
      engagement.putInventory(id, inventory, NOW, collection);
      engagement.putAnnotations(id, annotations);
      engagement.appendSamples(id, {
        metric: 'cpu.busy',
        instance: '',
        interval: 300,
        times: Float64Array.of(NOW - DAYS * 86_400_000 + FIVE_MINUTES, NOW),
        values: Float64Array.of(10, 10),
      });
      engagement.putDemandProfile(id, encodeProfile(profile));
    }
    engagement.finishCollection(collection, NOW);
    const question = scenario.parse({ name: 'default', effort: 'normal', apart: apartIn(count) });
    engagement.putDocument('scenario', 'default', question, null, NOW);
    const options = { now: NOW, packs: shippedRulePacks() };
    const study = planStudy(await assessStudy(engagement, question, options), options);
    const { plan, savings } = study;
    const document: PlanDocument = {
      ...{ version: 1, madeAt: NOW, effort: 'normal', changed: null, plan, savings },
      inputs: planInputsOf(question, options.packs, collectedIn(engagement), study.facts),
    };
    engagement.putDocument('plan', 'default', document, null, NOW);
  } finally {
    engagement.close();
  }
}

await makeEngagement(Number(process.argv[2]), process.argv[3]!);
