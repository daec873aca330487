/** What is typed into lists: freezes, backup windows, hosts and models of a scenario. */
import { describe, expect, it } from 'vitest';
import { hostTemplate } from '../../migration-core/assess/model/host.ts';
import { existingHost, parseScenario } from '../../migration-core/plan/model/scenario.ts';
import { shippedHostTemplates } from '../../migration-core/plan/hosts/templates.ts';
import { serverAnnotations } from '../../migration-core/store/model/annotations.ts';
import { changeOf, formOf, isSound } from '../../renderer/screens/inventory/annotations-form.ts';
import {
  clockOf,
  lengthOf,
  minutesOf,
  NEW_WINDOW,
  withDay,
} from '../../renderer/screens/inventory/windows.ts';
import {
  copyOfTemplate,
  hostProblem,
  newHost,
  templateProblem,
  templateUse,
} from '../../renderer/screens/sizing/hosts.ts';
import { nextPeriod, periodProblem } from '../../renderer/state/periods.ts';

describe('freezes', () => {
  it('are proposed one after another, a week each', () => {
    const first = nextPeriod([], '2026-12-20');
    expect(first).toEqual({ from: '2026-12-20', to: '2026-12-26' });
    expect(nextPeriod([first, { from: '2026-01-01', to: '2026-01-02' }], '2026-12-01')).toEqual({
      from: '2026-12-27',
      to: '2027-01-02',
    });
    expect(parseScenario({ name: 'x', calendar: { freezes: [first] } }).calendar.freezes).toEqual([first]);
  });

  it('say what is wrong with them', () => {
    expect(periodProblem({ from: '2026-12-20', to: '2026-12-20' })).toBeNull();
    expect(periodProblem({ from: '2026-12-20', to: '2026-12-19' })).toBe('It ends before it begins.');
    expect(periodProblem({ from: '', to: '2026-12-19' })).toBe('Give both days.');
  });
});

describe('backup windows', () => {
  it('are hours of the day, also over midnight, on all days or some', () => {
    expect([clockOf(0), clockOf(1320), clockOf(1440)]).toEqual(['00:00', '22:00', '00:00']);
    expect(['22:00', '7:00', '24:00', '12:61', ''].map(minutesOf)).toEqual([1320, null, null, null, null]);
    expect(lengthOf(NEW_WINDOW)).toBe(120);
    const workdays = withDay(withDay(NEW_WINDOW, 5, false), 6, false);
    expect(workdays.days).toEqual([0, 1, 2, 3, 4]);
    expect(withDay(withDay(workdays, 6, true), 5, true).days).toEqual([]);
    // The last day stays: a window of no day would be one of every day.
    const monday = { ...NEW_WINDOW, days: [0] };
    expect(withDay(monday, 0, false)).toBe(monday);
  });

  it('are told with what the form does not show, and taken back without it', () => {
    const before = serverAnnotations.parse({ backup: { method: 'agent' }, freezes: [], owner: 'Ada' });
    const form = formOf(before);
    expect(changeOf(before, form)).toEqual({ set: {}, clear: [] });
    form.windows = [{ ...NEW_WINDOW }];
    form.freezes = [{ from: '2026-12-20', to: '2027-01-05' }];
    const { set } = changeOf(before, form);
    expect(set).toEqual({
      backup: { method: 'agent', windows: [NEW_WINDOW] },
      freezes: [{ from: '2026-12-20', to: '2027-01-05' }],
    });
    expect(serverAnnotations.parse(set)).toEqual(set);
    const told = serverAnnotations.parse({ backup: { windows: [NEW_WINDOW] } });
    expect(changeOf(told, { ...formOf(told), windows: [] })).toEqual({ set: {}, clear: ['backup'] });
    expect(isSound({ ...form, windows: [{ ...NEW_WINDOW, endMinute: 1320 }] })).toBe(false);
    expect(isSound(form)).toBe(true);
  });
});

describe('hosts of a scenario', () => {
  const templates = [...shippedHostTemplates().values()];
  it('are added like the last one, under names of their own', () => {
    const first = newHost([], 'modern-2u');
    const second = newHost([first], 'modern-1u');
    expect([first.name, second.name, second.template]).toEqual(['Host', 'Host 2', 'modern-2u']);
    for (const host of [first, second]) expect(existingHost.parse(host)).toEqual(host);
    expect(hostProblem(first, [first, second], templates)).toBeNull();
    expect(hostProblem(first, [first, first], templates)).toBe('Another host has this name.');
    expect(hostProblem({ ...first, name: ' ' }, [first], templates)).toBe('Give it a name.');
    expect(hostProblem({ ...first, template: 'gone' }, [first], templates)).toBe(
      'There is no such model any more; choose another.',
    );
  });

  it('are of models that begin as copies, and stay while they are used', () => {
    const copy = copyOfTemplate(templates[0]!, templates);
    const other = copyOfTemplate(templates[0]!, [...templates, copy]);
    expect([copy.id, other.id]).toEqual(['own-1', 'own-2']);
    expect(other.name).toBe(`${templates[0]!.name}, changed 2`);
    expect(hostTemplate.parse(copy)).toEqual(copy);
    expect(templateUse('own-1', { template: 'own-1', hosts: [] })).toMatch(/^It is the host model/u);
    expect(templateUse('own-1', { template: 'x', hosts: [newHost([], 'own-1')] })).toBe(
      'A host above is of this model.',
    );
    expect(templateUse('own-1', { template: 'x', hosts: [] })).toBeNull();
    expect(templateProblem({ ...copy, cores: 1, sockets: 2 })).toBe('It has fewer cores than sockets.');
    const { cpuScore: _score, launchYear: _year, megahertz: _clock, ...unknown } = copy;
    expect(templateProblem(unknown)).toMatch(/^Give a score/u);
    expect(templateProblem(copy)).toBeNull();
  });
});
