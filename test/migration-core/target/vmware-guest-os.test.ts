import { expect, test } from 'vitest';
import { vmwareGuestOs, vsphereGuestId } from '../../../migration-core/target/vmware-guest-os.ts';
import { hasShared, NEEDS_SHARED, sharedJson } from '../../support/shared.ts';

const guestOs = (id: string, version: string, architecture: 'x86_64' | 'i686' = 'x86_64'): string =>
  vmwareGuestOs({ os: { id, version, name: '' }, architecture });

test.each([
  ['debian', '12', 'debian12-64'],
  ['debian', '13', 'debian12-64'],
  ['debian', '3.1', 'otherlinux-64'],
  ['rhel', '8.9', 'rhel8-64'],
  ['rhel', '10.0', 'rhel9-64'],
  ['centos', '7', 'centos7-64'],
  ['centos', '5', 'otherlinux-64'],
  ['ol', '9.3', 'oraclelinux9-64'],
  ['sles', '15.5', 'sles15-64'],
  ['sles', '13', 'sles12-64'],
  ['ubuntu', '22.04', 'ubuntu-64'],
  ['rocky', '9.3', 'rockylinux-64'],
  ['gentoo', '', 'otherlinux-64'],
  ['debian', '', 'otherlinux-64'],
  ['debian', 'testing', 'otherlinux-64'],
])('%s %s is %s', (id, version, expected) => {
  expect(guestOs(id, version)).toBe(expected);
});

test('32-bit systems have names of their own, or none', () => {
  expect(guestOs('debian', '11', 'i686')).toBe('debian11');
  expect(guestOs('centos', '6', 'i686')).toBe('centos6');
  expect(guestOs('rhel', '8', 'i686')).toBe('otherlinux');
  expect(guestOs('rocky', '9', 'i686')).toBe('otherlinux');
});

test.skipIf(!hasShared)(`every name is one that vSphere has, in both spellings ${NEEDS_SHARED}`, () => {
  const listed = sharedJson('schemas/vmware/guest-os-identifiers.json') as { id: string }[];
  const identifiers = listed.map(({ id }) => id);
  // rhel7_64Guest is rhel7-64, ubuntu64Guest ubuntu-64; .vmx files write them in lower case.
  const known = new Set(
    listed.map(({ id }) => id.replace('Guest', '').replace(/_?64$/, '-64').toLowerCase()),
  );
  const ids = ['debian', 'rhel', 'centos', 'ol', 'sles', 'ubuntu', 'fedora', 'opensuse', 'opensuse-leap'];
  for (const id of [...ids, 'opensuse-tumbleweed', 'rocky', 'almalinux', 'amzn', 'other'])
    for (let version = 1; version <= 20; version++)
      for (const architecture of ['x86_64', 'i686'] as const) {
        const name = guestOs(id, String(version), architecture);
        expect(known).toContain(name);
        expect(identifiers).toContain(vsphereGuestId(name));
      }
});
