/** Who moves before whom. */
import { plural } from '../../../base/text.ts';
import type { ServerId } from '../../../store/engagement.ts';
import { WAVE_RULES } from '../../rules/waves.ts';
import type { Mover } from '../estate.ts';
import { pilotsOf } from '../pilots.ts';
import { count, namesOf, serversOf, type Breach, type WaveCondition } from './condition.ts';

export const dependencyOrder: WaveCondition = {
  id: 'dependency-order',
  title: 'What a server depends on moves before it or with it',
  broken({ waveOf }, { binding, byId }) {
    // One sentence for each server that goes too early, however many it needs.
    const early = new Map<ServerId, Mover[]>();
    for (const { from, to } of binding) {
      const [own, other] = [waveOf.get(from), waveOf.get(to)];
      if (own === undefined || other === undefined || other <= own) continue;
      const found = early.get(from) ?? [];
      found.push(byId.get(to)!);
      early.set(from, found);
    }
    return [...early].map(([from, needed]) => ({
      wave: waveOf.get(from)!,
      severity: 'high',
      text: `${byId.get(from)!.name} moves in wave ${waveOf.get(from)!}, before ${namesOf(needed)}, on which it depends.`,
      mitigation: 'Move it later, or show in a test that it reaches what still stands outside.',
      servers: [from, ...serversOf(needed)],
      problem: true,
    }));
  },
};

export const testFirst: WaveCondition = {
  id: 'test-first',
  title: 'Lab, test and development move before production',
  broken({ waves }) {
    const first = waves.find(({ members }) => members.some(({ production }) => production));
    if (first === undefined) return [];
    return waves
      .filter(({ number, members }) => number > first.number && members.some(({ production }) => !production))
      .map(({ number, members }) => {
        const late = members.filter(({ production }) => !production);
        return {
          wave: number,
          severity: 'medium',
          text: `${namesOf(late)} ${late.length === 1 ? 'is' : 'are'} not in production but ${late.length === 1 ? 'moves' : 'move'} in wave ${number}, after production began to move in wave ${first.number}.`,
          mitigation: 'Move them before production, so that it learns from them.',
          servers: serversOf(late),
          problem: true,
        };
      });
  },
};

export const neverMixed: WaveCondition = {
  id: 'never-mixed',
  title: 'Production never shares a wave with anything else',
  broken: ({ waves }) =>
    waves.flatMap(({ number, members }): Breach[] => {
      const other = members.filter(({ production }) => !production);
      if (other.length === 0 || other.length === members.length) return [];
      return [
        {
          wave: number,
          severity: 'high',
          text: `Wave ${number} mixes production with ${namesOf(other)}, which ${other.length === 1 ? 'is' : 'are'} not.`,
          mitigation: 'Give test and development a wave of their own: its rules, tests and hours are others.',
          servers: serversOf(other),
          problem: true,
        },
      ];
    }),
};

export const pilotFirst: WaveCondition = {
  id: 'pilot-first',
  title: 'The pilot of servers that are alike moves before or with the others',
  broken: ({ waveOf }, estate) =>
    pilotsOf(estate, (mover) => waveOf.has(mover.id)).flatMap(({ pilot, others, title }): Breach[] => {
      const own = waveOf.get(pilot.id)!;
      const early = others.filter(({ id }) => waveOf.get(id)! < own);
      if (early.length === 0) return [];
      return [
        {
          wave: waveOf.get(early[0]!.id)!,
          severity: 'medium',
          text: `${namesOf(early)} of the set ${title} ${early.length === 1 ? 'moves' : 'move'} before its pilot ${pilot.name}.`,
          mitigation: 'Move the pilot first: what it teaches is the recipe for the others.',
          servers: serversOf([pilot, ...early]),
          problem: true,
        },
      ];
    }),
};

export const size: WaveCondition = {
  id: 'size',
  title: 'A wave has no more servers than can be looked after',
  broken({ waves }, { rules }) {
    const [first, usual, most] = [WAVE_RULES.first, WAVE_RULES.usual, WAVE_RULES.most].map((one) =>
      rules.value(one),
    ) as [number, number, number];
    const opening = waves.find(({ members }) => members.some(({ production }) => production));
    return waves.flatMap(({ number, members }): Breach[] => {
      const opens = number === opening?.number;
      const limit = opens ? first : usual;
      if (members.length <= limit) return [];
      const over = members.length > most || opens;
      return [
        {
          wave: number,
          severity: members.length > most ? 'high' : 'medium',
          text: opens
            ? `Wave ${number}, the first of production, has ${count(members)}, more than the ${limit} it should begin with.`
            : `Wave ${number} has ${count(members)}, more than ${over ? `the ${most} that a wave has at most` : `the usual ${limit}`}.`,
          mitigation: 'Split it where its applications allow, or have more people at hand in its nights.',
          servers: serversOf(members),
          problem: over,
        },
      ];
    });
  },
};

/** Not a matter of right and wrong: what is left of dependencies that order nothing. */
export const looseEnds: WaveCondition = {
  id: 'loose-ends',
  title: 'What is connected but not ordered is watched',
  broken({ waveOf, waves }, estate) {
    const { dependencies, byId } = estate;
    const binding = new Set(estate.binding);
    type Found = Map<number, Set<Mover>>;
    const [weak, across, left] = [new Map(), new Map(), new Map()] as [Found, Found, Found];
    const add = (to: Found, wave: number, id: ServerId): void => {
      const found = to.get(wave) ?? new Set();
      to.set(wave, found.add(byId.get(id)!));
    };
    for (const edge of dependencies.edges) {
      const { from, to, strength } = edge;
      const own = waveOf.get(from);
      if (own === undefined) continue;
      const other = waveOf.get(to);
      if (other === undefined) {
        if (strength !== 'weak' && !dependencies.infrastructure.has(to)) add(left, own, from);
      } else if (other > own && !binding.has(edge)) {
        if (dependencies.infrastructure.has(to) && strength !== 'told') continue;
        add(strength === 'weak' ? weak : across, own, from);
      }
    }
    return waves.flatMap(({ number }): Breach[] => [
      ...oneOf(across.get(number), number, 'medium', (movers) => ({
        text: `${namesOf(movers)} ${movers.length === 1 ? 'depends' : 'depend'} on servers of production, which move in a later wave.`,
        mitigation: 'Test that they reach them from their new place.',
      })),
      ...oneOf(left.get(number), number, 'low', (movers) => ({
        text: `${namesOf(movers)} ${movers.length === 1 ? 'depends' : 'depend'} on servers that stay where they are.`,
        mitigation: 'Check the way through the network, its firewalls and its delay before the cut-over.',
      })),
      ...oneOf(weak.get(number), number, 'low', (movers) => ({
        text: `${plural(movers.length, 'server')} had connections to servers of later waves that were seen once only: ${namesOf(movers)}.`,
        mitigation: 'Ask the owners, or look at connections for a few days more, before the wave.',
      })),
    ]);
  },
};

function oneOf(
  found: ReadonlySet<Mover> | undefined,
  wave: number,
  severity: Breach['severity'],
  words: (movers: Mover[]) => Pick<Breach, 'text' | 'mitigation'>,
): Breach[] {
  if (found === undefined) return [];
  const movers = [...found];
  return [{ wave, severity, ...words(movers), servers: serversOf(movers), problem: false }];
}
