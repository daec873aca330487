/** What moves in one wave. */
import { circles } from '../dependencies.ts';
import type { Mover, WaveEstate } from '../estate.ts';
import {
  namesOf,
  serversOf,
  type Arrangement,
  type Breach,
  type Tie,
  type WaveCondition,
} from './condition.ts';

export const twoWay: WaveCondition = {
  id: 'two-way',
  title: 'Servers that depend on each other move together',
  ties: (estate) => circleTies(estate),
  broken: (arrangement, estate) =>
    tornTies(circleTies(estate), arrangement, estate, (members) => ({
      text: `${namesOf(members)} depend on each other in a circle but move in different waves: between those, they talk to each other across two worlds.`,
      mitigation: 'Move them in one wave, or show in a test that they bear a slower network between them.',
    })),
};

export const application: WaveCondition = {
  id: 'application',
  title: 'Servers of one application move together',
  ties: applicationTies,
  broken: (arrangement, estate) =>
    tornTies(applicationTies(estate), arrangement, estate, (members, why) => ({
      text: `${why} ${namesOf(members)} move in different waves.`,
      mitigation: 'Move them in one wave, or have the owner of the application agree to two cut-overs.',
    })),
};

const circleTies = ({ movers, binding }: WaveEstate): Tie[] =>
  circles(serversOf(movers), binding).map((servers) => ({ servers, why: 'They depend on each other.' }));

/** Test and production of one application are not tied: they never share a wave. */
function applicationTies({ movers }: WaveEstate): Tie[] {
  const found = new Map<string, { name: string; servers: Mover[] }>();
  for (const mover of movers) {
    for (const name of new Set(mover.facts.annotations.applications ?? [])) {
      const plain = name.trim();
      if (plain === '') continue;
      const key = JSON.stringify([mover.production, plain.toLowerCase()]);
      const entry = found.get(key) ?? { name: plain, servers: [] };
      if (entry.servers[entry.servers.length - 1] !== mover) entry.servers.push(mover);
      found.set(key, entry);
    }
  }
  return [...found.values()]
    .filter(({ servers }) => servers.length > 1)
    .map(({ name, servers }) => ({
      servers: serversOf(servers),
      why: `They make up the application ${name}.`,
    }));
}

function tornTies(
  ties: readonly Tie[],
  { waveOf }: Arrangement,
  { byId }: WaveEstate,
  words: (members: Mover[], why: string) => Pick<Breach, 'text' | 'mitigation'>,
): Breach[] {
  return ties.flatMap(({ servers, why }) => {
    const of = servers.map((server) => byId.get(server)!);
    const moving = of.filter(({ id }) => waveOf.has(id));
    const staying = of.filter(({ id }) => !waveOf.has(id));
    const waves = [...new Set(moving.map(({ id }) => waveOf.get(id)!))].sort((a, b) => a - b);
    const breaches: Breach[] = [];
    if (waves.length > 1)
      breaches.push({
        wave: waves[0]!,
        severity: 'high',
        ...words(moving, why),
        servers: serversOf(moving),
        problem: true,
      });
    // Not the waves' fault: whoever stays has its reason. But the others must bear it.
    if (waves.length > 0 && staying.length > 0)
      breaches.push({
        wave: waves[0]!,
        severity: 'medium',
        text: `${why} ${namesOf(moving)} ${moving.length === 1 ? 'moves' : 'move'}, ${namesOf(staying)} ${staying.length === 1 ? 'stays' : 'stay'} where ${staying.length === 1 ? 'it is' : 'they are'}.`,
        mitigation: 'Test them together across both worlds before the cut-over.',
        servers: serversOf(of),
        problem: false,
      });
    return breaches;
  });
}
