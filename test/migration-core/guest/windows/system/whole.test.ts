/** Everything that is switched off or set, on a whole server of each Windows: planned, applied, planned again, undone. */
import { describe, expect, it } from 'vitest';
import { inspectGuest } from '../../../../../migration-core/guest/inspect.ts';
import { fixWindows } from '../../../../support/fix-windows.ts';
import { WINDOWS_VERSIONS, WINDOWS_VERSION_IDS, windowsVolumes } from '../../../../support/windows-guest.ts';
import { FIXERS, proliant } from './proliant.ts';

describe.each(WINDOWS_VERSION_IDS)('Windows %s', (version) => {
  it('is fitted as a whole, and taken back byte for byte', async () => {
    const volumes = await windowsVolumes(proliant(version));
    const { nt, server, binding } = WINDOWS_VERSIONS[version];
    const isOld = nt.startsWith('5.');
    const { edits, findings, hive } = await fixWindows(volumes, FIXERS, { buses: ['ide', 'ide'] });
    // The disk of this test is a small one, of which XP has to be told.
    expect(findings.map(({ code }) => code)).toEqual(nt === '5.1' ? ['SMALL_DISK_GEOMETRY'] : []);
    const whats = edits.map(({ what }) => what);
    expect(whats).toContain(
      'The service "HP Insight Foundation Agents" (CqMgHost) of HP Insight Management Agents is switched off; it started by itself.',
    );
    expect(whats).toContain(
      'The filter XENFILT is taken out of the list of filters of all system devices (UpperFilters).',
    );
    expect(whats.some((what) => what.includes('AutoReboot 0'))).toBe(true);
    expect(whats.some((what) => what.includes('does not try to repair itself'))).toBe(!isOld);
    expect(whats.some((what) => what.includes('SAN policy 1'))).toBe(server && !isOld);
    // Nothing of Windows itself: every edit but these is named above.
    const others = whats.filter(
      (what) =>
        !/CqMgHost|xenfilt|AutoReboot|repair itself|repairs failed|SAN policy|folder for|first good start/iu.test(
          what,
        ),
    );
    expect(others).toEqual(isOld ? ['The driver intelppm is switched off; it started with Windows.'] : []);
    const system = edits.flatMap(({ action }) => (/\/system$/iu.test(action.path) ? [action.path] : []))[0]!;
    const sets = nt === '10.0' ? ['ControlSet001'] : ['ControlSet001', 'ControlSet002'];
    for (const set of sets) {
      expect(hive(system).find(`${set}\\Services\\xenfilt`)!.value('Start')!.data[0]).toBe(4);
      expect(
        hive(system)
          .find(`${set}\\Control\\Class\\{4D36E97D-E325-11CE-BFC1-08002BE10318}`)!
          .value('UpperFilters'),
      ).toBeUndefined();
    }
    expect(binding).toBe(nt === '10.0' || Number(nt) >= 6.2 ? 'ddb' : 'cdd');
  });
});

it('what is installed is in the facts of the server', async () => {
  const { guest } = await inspectGuest(await windowsVolumes(proliant('2019')));
  expect(guest.agents.map(({ name, vendor, kind, services }) => ({ name, vendor, kind, services }))).toEqual([
    { name: 'HP Insight Management Agents', vendor: 'HPE', kind: 'vendor', services: ['CqMgHost'] },
    {
      name: 'Xen drivers and tools for Windows',
      vendor: 'Citrix and Xen',
      kind: 'hypervisor',
      services: ['xenfilt'],
    },
  ]);
});
