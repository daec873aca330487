/** B8, W9, W10, W17, W25: how what runs on it takes being copied, moved and snapshotted. */
import { copyRate, cutoverMinutes, needsQuiet, timeCriticalRoles } from '../rules/gates.ts';
import { formatBytes, listed, notSeen, notTold, type GateRule, type Subject } from './gate.ts';
import { notSized } from './limits.ts';

/** Roles whose data change while they are copied. */
export const restless = ({ roles, context }: Subject): string[] =>
  context.rules.value(needsQuiet).filter((role) => roles.has(role));

/** Minutes a cold move stands still, and a hot one; null without a size. */
export function downtimes({ sized, context }: Subject): { cold: number; hot: number } | null {
  if (sized === null) return null;
  const after = context.rules.value(cutoverMinutes);
  return { cold: sized.copyBytes / context.rules.value(copyRate) / 60 + after, hot: after };
}

/** Whether it can be copied while it runs. */
export const hotPossible = (subject: Subject): boolean => {
  const freeze = subject.facts.annotations.backup?.toleratesFreeze;
  return freeze ?? restless(subject).length === 0;
};

/** Whole minutes, as the score counts them. */
function minutes(value: number): string {
  const whole = Math.ceil(value);
  if (whole <= 120) return `${whole} minutes`;
  return `${Math.floor(whole / 60)} h${whole % 60 === 0 ? '' : ` ${whole % 60} min`}`;
}

export const b8: GateRule = {
  id: 'B8',
  severity: 'blocker',
  title: 'No consistent copy within the downtime',
  rules: [copyRate, cutoverMinutes, needsQuiet],
  find(subject) {
    const { facts, sized } = subject;
    const allowed = facts.annotations.downtimeMinutes;
    const times = downtimes(subject);
    if (times === null || sized === null) return notSized('it can be copied within its downtime');
    if (allowed === undefined)
      return notTold('how long it may stand still', 'Ask the owner for the longest downtime of the move.');
    const hot = hotPossible(subject);
    const needed = hot ? Math.min(times.hot, times.cold) : times.cold;
    if (needed <= allowed) return null;
    return {
      because: hot
        ? `Even a copy while it runs needs ${minutes(times.hot)} for the cut-over, and ${minutes(allowed)} are allowed.`
        : `A copy of ${formatBytes(sized.copyBytes)} while it stands still needs ${minutes(times.cold)} with the cut-over, ${minutes(allowed)} are allowed, and it cannot be copied consistently while it runs.`,
      fix: 'Agree on a longer downtime, move it by the means of the application (replication, dump and restore), or confirm that it may be frozen for a snapshot.',
      evidence: [minutes(needed), minutes(allowed)],
      fixable: true,
    };
  },
};

export const w9: GateRule = {
  id: 'W9',
  severity: 'warning',
  title: 'Domain controller',
  rules: [],
  find(subject) {
    if (!subject.roles.known) return notSeen(subject, 'roles', 'it is a domain controller');
    if (!subject.roles.has('domain-controller')) return null;
    return {
      because: 'It is a domain controller: two copies of it, or an old one, damage the directory.',
      fix: 'Set up a new domain controller in a virtual machine and demote this one; never bring back a snapshot of it.',
      evidence: subject.roles.roles,
    };
  },
};

export const w10: GateRule = {
  id: 'W10',
  severity: 'warning',
  title: 'Copy of a running database or mail store',
  rules: [needsQuiet],
  find(subject) {
    const { roles, facts } = subject;
    if (!roles.known) return notSeen(subject, 'roles', 'a database or mail store runs on it');
    // Domain controllers have a gate of their own.
    const found = restless(subject).filter((role) => role !== 'domain-controller');
    if (found.length === 0) return null;
    const allowed = facts.annotations.downtimeMinutes;
    const times = downtimes(subject);
    if (allowed !== undefined && times !== null && times.cold <= allowed) return null;
    return {
      because: `It holds data that change all the time (${listed(found)}), and a copy while it runs may not be consistent.`,
      fix: 'Stop the services for the last pass of the copy, or move the data by the means of the application.',
      evidence: [...found, ...roles.applications.map(({ name }) => name)],
    };
  },
};

export const w17: GateRule = {
  id: 'W17',
  severity: 'warning',
  title: 'Needs exact time',
  rules: [timeCriticalRoles],
  find(subject) {
    const { facts, roles, context } = subject;
    const found = context.rules.value(timeCriticalRoles).filter((role) => roles.has(role));
    if (found.length === 0 && facts.annotations.timeCritical === undefined)
      return notTold(
        'whether it depends on exact time (telephony, trading, source of time)',
        'Ask the owner of the application.',
      );
    if (found.length === 0 && facts.annotations.timeCritical === false) return null;
    return {
      because: `It depends on exact time${found.length > 0 ? ` (${listed(found)})` : ', as its owner says'}, and the clock of a machine stands still when the host is busy.`,
      fix: 'Give it reserved processors and a source of time on the network, and test it under load.',
      evidence: found,
    };
  },
};

/** SR-129. */
export const w25: GateRule = {
  id: 'W25',
  severity: 'warning',
  title: 'Backup by snapshot not possible',
  rules: [needsQuiet],
  find(subject) {
    const { backup } = subject.facts.annotations;
    const found = restless(subject);
    if (backup?.toleratesFreeze === undefined)
      return found.length === 0
        ? null
        : notTold(
            'whether it may stand still for a moment while a snapshot is taken',
            'Ask the owner, and the maker of the backup software.',
          );
    if (backup.toleratesFreeze || backup.method === 'agent' || backup.method === 'none') return null;
    return {
      because: `It must not stand still for a moment, and a backup by ${backup.method === undefined ? 'snapshots of the platform' : `the ${backup.method}`} makes it do so.`,
      fix: 'Keep an agent inside the machine, or back up by the means of the application.',
      evidence: found,
    };
  },
};
