/** W15, W24, and the notes I1 to I4: how sure we are, what the platform guards against, and what else is worth knowing. */
import { architectureOf } from '../platforms.ts';
import { failoverFor, minStars } from '../rules/gates.ts';
import { bonusCannotCluster, bonusLegacy, legacyYears } from '../rules/score.ts';
import { groupSimilarity } from '../rules/groups.ts';
import { clusterRoles, idleLimits, zombieLimits } from '../rules/verdict.ts';
import { clusterSupport } from '../roles.ts';
import { percent, type GateRule, type Subject } from './gate.ts';

export const w15: GateRule = {
  id: 'W15',
  severity: 'warning',
  title: 'Too little measured',
  rules: [minStars],
  find({ confidence, context }) {
    const least = context.rules.value(minStars);
    if (confidence.stars >= least) return null;
    const [cap] = [...confidence.caps].sort((a, b) => a.limit - b.limit);
    return {
      because: `Confidence is ${confidence.stars} of 5 stars, and a good candidate has ${least}.${cap === undefined ? '' : ` ${cap.why}`}`,
      fix: cap?.next ?? 'Measure for a month at five minutes, with a turn of the month.',
      evidence: confidence.caps.map(({ why }) => why),
    };
  },
};

/** SR-13, SR-33, SR-69, SR-101: production on a platform or storage that does not bear it. */
export const w24: GateRule = {
  id: 'W24',
  severity: 'warning',
  title: 'Platform not for production',
  rules: [failoverFor],
  find({ facts, context }) {
    const { environments, criticalities } = context.rules.value(failoverFor);
    const { environment, criticality } = facts.annotations;
    const why = [environment, criticality].find(
      (one) => one !== undefined && (environments.includes(one) || criticalities.includes(one)),
    );
    if (why === undefined) return null;
    const { platform, host } = context;
    const kind = architectureOf(platform.architecture);
    const lacks = [
      ...(kind.environments.includes('production')
        ? []
        : [`${kind.title.toLowerCase()} is for ${kind.roles.toLowerCase().replace(/\.$/u, '')}`]),
      ...(platform.failover ? [] : [`${platform.name} by itself restarts no machines of a host that failed`]),
      ...(platform.failover && host.storage === 'local'
        ? ['machines on disks of one host cannot be restarted on another']
        : []),
    ];
    if (lacks.length === 0) return null;
    return {
      because: `The server is marked "${why}", and ${lacks.join('; ')}.`,
      fix: 'Choose a platform with failover and shared storage for production, or accept the risk in writing.',
      evidence: lacks,
    };
  },
};

export const i1: GateRule = {
  id: 'I1',
  severity: 'info',
  title: 'Idle or without work',
  rules: [idleLimits, zombieLimits],
  find({ usage }) {
    if (usage.class === 'active') return null;
    if (usage.class === 'unknown')
      return {
        because: usage.text,
        fix: 'Measure the server, and ask its owner what it is for.',
        unknown: 'use of the server',
      };
    return {
      because: usage.text,
      fix: 'Ask its owner whether it can be retired instead.',
      evidence: [usage.class],
    };
  },
};

/** Milliseconds of a Julian year: a day more or less decides nothing here. */
const YEAR = 31_557_600_000;

/** SR-08: a system that no new hardware has drivers for. Makers of hardware go on for some years after its support ended. */
export const isLegacy = ({ release, context }: Subject): boolean =>
  release !== null && context.now >= release.ends + context.rules.value(legacyYears) * YEAR;

export const i2: GateRule = {
  id: 'I2',
  severity: 'info',
  title: 'Rescue of an old system',
  rules: [bonusLegacy, legacyYears],
  find(subject) {
    const { release } = subject;
    if (release === null)
      return subject.facts.inventory?.operatingSystem === undefined
        ? {
            because: 'Whether its system is too old for new hardware is not known.',
            fix: 'Collect the operating system.',
            unknown: 'operating system',
          }
        : null;
    if (!isLegacy(subject)) return null;
    return {
      because: `${release.title} (supported until ${release.endsOn}) gets no drivers for new hardware: a virtual machine is how it outlives its server.`,
      fix: 'Move it before the hardware fails.',
      evidence: [release.title, release.endsOn],
    };
  },
};

export const i3: GateRule = {
  id: 'I3',
  severity: 'info',
  title: 'One of a set',
  rules: [groupSimilarity],
  find({ facts, groups }) {
    const group = groups.find(({ kind }) => kind === 'cookie-cutter');
    if (group === undefined) return null;
    return {
      because: `It is one of ${group.members.length} servers that are ${group.similarity === 1 ? 'alike in all that was compared' : `alike to ${percent(group.similarity)} at least`}${group.pilot === facts.id ? ', and the pilot' : ''}.`,
      fix: 'Convert the pilot first, and use its recipe for the others.',
      evidence: group.deviations.filter(({ server }) => server === facts.id).map(({ what }) => what),
    };
  },
};

/** SR-16. */
export const cannotCluster = ({ facts, roles, context }: Subject): boolean =>
  facts.annotations.criticality === 'critical' &&
  clusterSupport(roles, facts.annotations, [...context.rules.value(clusterRoles), ...roles.roles]).support ===
    'none';

export const i4: GateRule = {
  id: 'I4',
  severity: 'info',
  title: 'Gains failover',
  rules: [bonusCannotCluster],
  find(subject) {
    if (!cannotCluster(subject) || !subject.context.platform.failover) return null;
    return {
      because: `It is critical and its application cannot be clustered: ${subject.context.platform.name} restarts it on another host when its own fails.`,
      fix: 'Put it on shared storage, and test the failover before production.',
      evidence: subject.roles.applications.map(({ name }) => name),
    };
  },
};
