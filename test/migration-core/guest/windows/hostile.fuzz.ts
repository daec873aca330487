/** SYSTEM hives with random damage: what can be read is fitted, what cannot is told of, and nothing stops the rest. */
import { expect, it } from 'vitest';
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import { planFixes } from '../../../../migration-core/guest/fixers.ts';
import { agents } from '../../../../migration-core/guest/windows/services/agents.ts';
import { classFilters } from '../../../../migration-core/guest/windows/services/class-filters.ts';
import { processor } from '../../../../migration-core/guest/windows/services/processor.ts';
import { crashControl } from '../../../../migration-core/guest/windows/system/crash-control.ts';
import { driveLetter } from '../../../../migration-core/guest/windows/system/drive-letter.ts';
import { hal } from '../../../../migration-core/guest/windows/system/hal.ts';
import { sanPolicy } from '../../../../migration-core/guest/windows/system/san-policy.ts';
import { openHive } from '../../../../migration-core/registry/hive.ts';
import { hiveOf, type Keys } from '../../../support/windows-guest.ts';
import { contextOf, diskOf, factsOf } from './world.ts';

const CASES = Number(process.env['IRONLIFT_FUZZ_CASES'] ?? 150);
const FIXERS = [agents, classFilters, processor, hal, driveLetter, crashControl, sanPolicy];

const service = (Start: number): Keys[string] => ({ Type: 1, Start, ImagePath: 'system32\\drivers\\x.sys' });
/** Small, so that most damage hits what the fixers read. */
const SOUND = hiveOf(
  { ControlSet001: {}, ControlSet002: {}, Select: { Current: 1 }, MountedDevices: {} },
  {
    'CCS\\Services\\VMTools': service(2),
    'CCS\\Services\\xenbus': service(0),
    'CCS\\Services\\xenbus\\StartOverride': { '0': 3 },
    'CCS\\Services\\xenfilt': service(0),
    'CCS\\Services\\prl_strg': service(0),
    'CCS\\Services\\intelppm': service(1),
    'CCS\\Services\\partmgr': service(0),
    'CCS\\Services\\partmgr\\Parameters': { SanPolicy: 2 },
    'CCS\\Control\\CrashControl': { AutoReboot: 1 },
    'CCS\\Control\\Class\\{4D36E967-E325-11CE-BFC1-08002BE10318}': {
      UpperFilters: ['partmgr'],
      LowerFilters: ['prl_strg', 'orphan'],
    },
    'CCS\\Control\\Class\\{4D36E97D-E325-11CE-BFC1-08002BE10318}': { UpperFilters: ['xenfilt'] },
  },
);
/** What inspection found while the hive was still whole: the worst that a fixer can meet. */
const FACTS = factsOf(openHive(SOUND));

it('damage of the hive never ends the plan, once the hive opens', async () => {
  let state = 0x0ddba11;
  const next = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const seen = { refused: 0, damaged: 0, fitted: 0 };
  for (let round = 0; round < CASES; round++) {
    const system = Uint8Array.from(SOUND);
    for (let hits = 1 + next(6); hits > 0; hits--) system[4096 + next(system.length - 4096)] = next(256);
    try {
      openHive(system);
    } catch (error) {
      expect(isIronliftError(error)).toBe(true);
      seen.refused++;
      continue;
    }
    const context = await contextOf({
      system,
      read: FACTS,
      facts: { ntVersion: next(2) === 0 ? '5.2' : '6.1' },
      machine: { disks: [diskOf(0), diskOf(1)] },
      volumes: [
        {
          ...{ id: 'disk0p2', disk: 0, partition: 2, size: 1 << 30, type: 'ntfs', uuid: '', label: '' },
          ...{ partUuid: '5cbea03e-02', offset: 1 << 20, diskId: '5cbea03e' },
        },
      ],
    });
    const planned = await planFixes(context, { fixers: FIXERS });
    if (planned.some(({ edits }) => edits.length > 0)) seen.fitted++;
    if (planned.some(({ findings }) => findings.some(({ code }) => code === 'REGISTRY_PART_DAMAGED')))
      seen.damaged++;
  }
  expect(seen.fitted).toBeGreaterThan(0);
  expect(seen.damaged).toBeGreaterThan(0);
});
