import { describe, expect, it } from 'vitest';
import { IronliftError } from '../../../migration-core/base/errors.ts';
import {
  growthFactor,
  scalesOf,
  slotText,
  unitsDown,
  unitsUp,
} from '../../../migration-core/plan/build/units.ts';
import {
  checkHostTemplate,
  parseHostTemplate,
  shippedHostTemplates,
} from '../../../migration-core/plan/hosts/templates.ts';
import { portsOf } from '../../../migration-core/plan/hosts/slots.ts';
import { quickEstimate } from '../../../migration-core/plan/quick-estimate.ts';
import { HOST, RULES } from '../../support/planning.ts';

describe('host templates', () => {
  const shipped = shippedHostTemplates();

  it('hold the 2U host of 2007: eight FC and ten GbE ports from two on board and four cards', () => {
    const host = shipped.get('seed-2u-2007')!;
    expect(host).toMatchObject({ hbaPorts: 8, nicPorts: 10, nicSpeed: 1e9, freeSlots: 0, rackUnits: 2 });
    expect(
      portsOf({ nicPorts: 2, hbaPorts: 0, slots: 4 }, [
        { kind: 'hba', ports: 4, count: 2 },
        { kind: 'nic', ports: 4, count: 2 },
      ]),
    ).toEqual({ nicPorts: 10, hbaPorts: 8, freeSlots: 0 });
  });

  it('may all be planned with, and say where they come from', () => {
    expect([...shipped.keys()]).toEqual(['modern-1u', 'modern-2u', 'modern-blade', 'seed-2u-2007']);
    for (const host of shipped.values()) {
      expect(checkHostTemplate(host, RULES).filter(({ severity }) => severity === 'blocker')).toEqual([]);
      expect(host.source.length).toBeGreaterThan(40);
    }
    expect(checkHostTemplate(shipped.get('modern-2u')!, RULES)).toEqual([]);
    expect(checkHostTemplate(shipped.get('seed-2u-2007')!, RULES).map(({ code }) => code)).toEqual([
      'HOST_WITHOUT_NESTED_PAGING',
    ]);
  });

  it('must be 64-bit with hardware virtualization', () => {
    const found = checkHostTemplate({ ...HOST, x64: false, hardwareVirtualization: false }, RULES);
    expect(found.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'blocker: The host template Round host is not a 64-bit x86 host.',
      'blocker: The host template Round host has neither VT-x nor AMD-V, or they are switched off in its firmware.',
    ]);
    expect(checkHostTemplate({ ...HOST, nicPorts: 1 }, RULES)[0]!.message).toBe(
      'The host template Round host has 1 network port; redundancy takes 2.',
    );
  });

  it.each([
    ['{', 'The host template x.json is not JSON.'],
    ['[]', 'The host template x.json is not valid: '],
    ['{"id":"a"}', 'The host template x.json is not valid: '],
    [
      JSON.stringify({
        ...HOST,
        board: { nicPorts: 0, hbaPorts: 0, slots: 1 },
        cards: [{ kind: 'nic', ports: 4, count: 3 }],
      }),
      'The host template x.json has 2 more cards than slots.',
    ],
    [
      JSON.stringify({ ...HOST, board: { nicPorts: 1e9, hbaPorts: 0, slots: 1 } }),
      'The host template x.json is not valid: ',
    ],
    [JSON.stringify({ ...HOST, surprise: 1 }), 'The host template x.json is not valid: '],
  ])('refuse %s', (text, message) => {
    let error: unknown;
    try {
      parseHostTemplate(text, 'x.json');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(IronliftError);
    expect((error as IronliftError).code).toBe('SCENARIO_INVALID');
    expect((error as IronliftError).message.startsWith(message)).toBe(true);
  });
});

describe('the quick estimate', () => {
  it('puts six to seven servers of ten per cent on a host', () => {
    expect(quickEstimate(RULES, 70, 0.1)).toEqual({
      perHost: { low: 6, high: 7 },
      hosts: { low: 10, high: 12 },
      text: 'Servers that use 10 % of a host on average share it by 6 to 7, by processors alone; memory, storage and the spare host decide in the plan. 70 servers need 10 to 12 hosts, and the spare ones.',
    });
    expect(quickEstimate(RULES, 7, 0.35)).toMatchObject({
      perHost: { low: 1, high: 2 },
      hosts: { low: 4, high: 7 },
    });
    expect(quickEstimate(RULES, 90, 0.004)).toMatchObject({
      perHost: { low: 40, high: 40 },
      text: 'Servers that use 0.4 % of a host on average share it by 40, by processors alone and with no more than 40 machines on a host; memory, storage and the spare host decide in the plan. 90 servers need 3 hosts, and the spare ones.',
    });
    expect(quickEstimate(RULES, 9, 0.0012).text).toContain('use 0.12 % of a host');
  });

  it('says when there is nothing to estimate', () => {
    expect(quickEstimate(RULES, 3, 0.9)).toEqual({
      perHost: { low: 0, high: 0 },
      hosts: null,
      text: 'Servers that use 90 % of a host on average do not fit under its ceiling of 70 %.',
    });
    for (const average of [0, -1, NaN, Infinity])
      expect(quickEstimate(RULES, 3, average).text).toBe(
        'The mean use of processors is not known or is zero, so that no quick estimate can be made.',
      );
    expect(quickEstimate(RULES, 3, 0.65)).toMatchObject({
      hosts: null,
      text: expect.stringContaining('With caution not even one fits under 60 %') as string,
    });
  });
});

describe('units of the packing problem', () => {
  it('round demands up and capacities down, so that what fits in units fits', () => {
    const [scale] = scalesOf([97.3]);
    for (let at = 1; at < 500; at++) {
      const value = at * 0.1931;
      expect(unitsUp(value, scale!) / scale!).toBeGreaterThanOrEqual(value * (1 - 1e-12));
      expect(unitsDown(value, scale!) / scale!).toBeLessThanOrEqual(value * (1 + 1e-12));
    }
    expect([unitsUp(1e12, scale!), unitsUp(-1, scale!), unitsUp(NaN, scale!)]).toEqual([65_535, 0, 0]);
  });

  it('grow by multiplication, parts of a year in proportion', () => {
    expect(growthFactor(0.1, 0)).toBe(1);
    expect(growthFactor(0.1, 3)).toBeCloseTo(1.331, 12);
    expect(growthFactor(0.1, 1.5)).toBeCloseTo(1.1 * 1.05, 12);
    expect(growthFactor(-0.5, 1)).toBe(0.5);
  });

  it('name slots by day and time', () => {
    expect(slotText(0, '10-min-peak')).toBe('Monday 00:00');
    expect(slotText(1007, '10-min-peak')).toBe('Sunday 23:50');
    expect(slotText(34, '60-min-peak')).toBe('Tuesday 10:00');
  });
});
