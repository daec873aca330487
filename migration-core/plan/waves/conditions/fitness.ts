/** Which servers may move at all, and how early: importance, input and output, platform, window, freezes. */
import { formatSeconds } from '../../../base/text.ts';
import { PRIORITY_RULES, WAVE_RULES } from '../../rules/waves.ts';
import type { Mover } from '../estate.ts';
import { rank } from '../kind-order.ts';
import { namesOf, serversOf, type Breach, type WaveCondition } from './condition.ts';

const duration = (minutes: number): string => formatSeconds(minutes * 60);
const essential = ({ production, criticality }: Mover): boolean =>
  production && (criticality === 'high' || criticality === 'critical');

/** SR-68 */
export const benefit: WaveCondition = {
  id: 'benefit',
  title: 'An essential server moves only for a benefit that was stated',
  bars: (mover) =>
    essential(mover) && (mover.facts.annotations.availabilityBenefit ?? '').trim() === ''
      ? `Its importance is ${mover.criticality!}, but nobody has stated what becomes better for it by moving: state the benefit for its availability.`
      : null,
};

/** SR-69 */
export const failover: WaveCondition = {
  id: 'failover',
  title: 'Production needs a platform that restarts machines of a failed host',
  latest: ({ input: { platform } }) =>
    platform.failover
      ? null
      : {
          kind: 'test',
          why: `${platform.name} does not restart the machines of a host that failed, so that it is for lab, test and development only: choose a platform with failover for production.`,
        },
};

/** SR-71 */
export const maturity: WaveCondition = {
  id: 'maturity',
  title: 'A platform that is new begins with what is least important',
  latest({ input: { platform } }) {
    if (platform.maturity === 'new-here')
      return {
        kind: 'first-production',
        why: `${platform.name} is new here, so that it hosts no more than the first wave of production until it has proved itself.`,
      };
    return platform.maturity === 'emerging'
      ? {
          kind: 'production',
          why: `${platform.name} is still emerging, so that it hosts no important production.`,
        }
      : null;
  },
  broken: ({ waves }, estate) =>
    [failover, maturity].flatMap((condition) => {
      const latest = condition.latest!(estate);
      if (latest === null) return [];
      return waves
        .filter(({ kind, members }) => rank(kind) > rank(latest.kind) && members.length > 0)
        .map(({ number, members }): Breach => ({
          wave: number,
          severity: 'high',
          text: `Wave ${number} goes further than the platform may: ${latest.why}`,
          mitigation: 'Take these servers out, or choose another platform for them.',
          servers: serversOf(members),
          problem: true,
        }));
    }),
};

export const window: WaveCondition = {
  id: 'window',
  title: 'A copy and its tests fit into the window of a night',
  bars(mover, { windowMinutes }) {
    const { copyMinutes, testMinutes, standsStill } = mover;
    if (!standsStill || copyMinutes + testMinutes <= windowMinutes) return null;
    return `It stands still while its copy takes ${duration(copyMinutes)} and reconfiguring and tests take ${duration(testMinutes)}, but the window of a night has ${duration(windowMinutes)}: lengthen the window, speed up the copy, or copy it while it runs.`;
  },
  broken: ({ waves }) =>
    waves.flatMap(({ number, members }): Breach[] => {
      const long = members.filter(
        ({ standsStill, copyMinutes, testMinutes, facts }) =>
          standsStill && copyMinutes + testMinutes > (facts.annotations.downtimeMinutes ?? Infinity),
      );
      const unknown = members.filter(({ sized }) => !sized);
      return [
        ...(long.length === 0
          ? []
          : [
              {
                wave: number,
                severity: 'high' as const,
                text: `${namesOf(long)} may not stand still as long as the copy and its tests take.`,
                mitigation: 'Agree on a longer downtime with the owner, or copy while the server runs.',
                servers: serversOf(long),
                problem: false,
              },
            ]),
        ...(unknown.length === 0
          ? []
          : [
              {
                wave: number,
                severity: 'medium' as const,
                text: `How much there is to copy of ${namesOf(unknown)} is not known; a whole night was planned for each.`,
                mitigation: 'Collect the inventory of their disks before the wave.',
                servers: serversOf(unknown),
                problem: false,
              },
            ]),
      ];
    }),
};

/** SR-66 */
export const lowFirst: WaveCondition = {
  id: 'low-first',
  title: 'Production begins with what is of low importance and quiet',
  earliest({ criticality, io }) {
    if (criticality !== 'low')
      return {
        kind: 'production',
        why:
          criticality === null
            ? 'Production of unknown importance, which is taken as normal.'
            : 'Production of normal importance.',
      };
    return io === 'low'
      ? null
      : {
          kind: 'production',
          why: `Of low importance, but its input and output is ${io === 'unknown' ? 'not known' : io}.`,
        };
  },
};

export const criticalLast: WaveCondition = {
  id: 'critical-last',
  title: 'Important servers move late, critical ones and databases last',
  earliest({ criticality, io, assessment, facts }, { rules }) {
    if (criticality === 'critical') return { kind: 'critical', why: 'Critical.' };
    const roles = assessment?.roles ?? facts.inventory?.roles ?? [];
    const last = rules.value(WAVE_RULES.lastRoles);
    const role = roles.find((one) => last.includes(one.toLowerCase()));
    if (role !== undefined && criticality !== 'low')
      return {
        kind: 'critical',
        why: `Its role is ${role}, which moves last unless it is of low importance.`,
      };
    if (criticality === 'high') return { kind: 'important', why: 'Important.' };
    return io === 'extreme' ? { kind: 'important', why: 'Its input and output is extreme.' } : null;
  },
  broken: ({ waves }) => {
    const first = waves.find(({ members }) => members.some(({ production }) => production));
    const early = (first?.members ?? []).filter(essential);
    // Where there is nothing less important, the first wave is what it is.
    if (first === undefined || early.length === 0 || waves[waves.length - 1] === first) return [];
    if (!waves.some(({ number, members }) => number > first.number && members.some((one) => !essential(one))))
      return [];
    return [
      {
        wave: first.number,
        severity: 'high',
        text: `${namesOf(early)} ${early.length === 1 ? 'is' : 'are'} important but ${early.length === 1 ? 'moves' : 'move'} in wave ${first.number}, the first of production.`,
        mitigation: 'Let servers of low importance show that the way is safe.',
        servers: serversOf(early),
        problem: true,
      },
    ];
  },
};

export const complexLater: WaveCondition = {
  id: 'complex-later',
  title: 'What is hard to convert is not in the first wave of production',
  earliest({ complexity }, { rules }) {
    if (complexity === 0)
      return { kind: 'production', why: 'How hard it is to convert is not known, for its system is not.' };
    return complexity >= rules.value(PRIORITY_RULES.complexFrom)
      ? {
          kind: 'production',
          why: 'It is hard to convert, by its operating system or the size of its disks.',
        }
      : null;
  },
};

/** What of the first wave of production was not meant for it. */
export const firstFit: WaveCondition = {
  id: 'first-fit',
  title: 'The first wave of production has only servers that are fit for it',
  broken: ({ waves }) =>
    waves
      .filter(({ kind }) => kind === 'first-production')
      .flatMap(({ number, members }): Breach[] => {
        const unfit = members.filter(({ production, own }) => production && own.kind !== 'first-production');
        if (unfit.length === 0) return [];
        return [
          {
            wave: number,
            severity: 'medium',
            text: `${namesOf(unfit)} ${unfit.length === 1 ? 'is' : 'are'} in the first wave of production, though not known to be both of low importance and quiet.`,
            mitigation: 'Say of which servers little depends, so that those can go first.',
            servers: serversOf(unfit),
            problem: false,
          },
        ];
      }),
};
