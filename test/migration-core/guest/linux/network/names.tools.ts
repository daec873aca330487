/** What we write for udev, judged by udev: its own builtin and rules on interfaces of a network namespace. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linkText } from '../../../../../migration-core/guest/linux/network/link-files.ts';
import { networkNames } from '../../../../../migration-core/guest/linux/network/names.ts';
import { fix } from '../../../../support/fix-linux.ts';
import { needTools, run, scratchFolder } from '../../../../support/tools.ts';

const MAC = '02:11:22:33:44:55';
const PLACE_GUARD = 'Path=?*\n';

/** Runs a script where a veth interface `va` has our address, with our files in place of this machine's. */
async function withInterface(files: Record<string, string>, script: string): Promise<string> {
  needTools('unshare', 'ip', 'udevadm');
  const folder = await scratchFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const setUp = [
    'set -e',
    'mount -t sysfs none /sys',
    // The namespace has a /run of its own: nothing of this machine is touched.
    'mount -t tmpfs none /run',
    `cp -r ${folder}/. /run/`,
    'ip link add va type veth peer name vb',
    `ip link set va address ${MAC}`,
    script,
  ];
  return run('unshare', ['--net', '--mount', 'bash', '-c', setUp.join('\n')]);
}

const PROBE = 'udevadm test-builtin net_setup_link /sys/class/net/va 2>&1';
const OURS = '/run/systemd/network/10-ironlift-enp0s25.link';
const link = linkText({ name: 'enp0s25', mac: MAC, oldMac: null, place: 0 }, ['MTUBytes=1400']);

describe('a .link file', () => {
  test('is understood whole and gives the name, by the address alone', async () => {
    expect(link).toContain(PLACE_GUARD);
    const said = await withInterface(
      { 'systemd/network/10-ironlift-enp0s25.link': link.replace(PLACE_GUARD, '') },
      `${PROBE}; ip link show va`,
    );
    expect(said).toContain(`ID_NET_LINK_FILE=${OURS}`);
    expect(said).toContain('ID_NET_NAME=enp0s25');
    expect(said).toContain('mtu 1400');
    expect(said).not.toMatch(/10-ironlift[^\n]*(:\d+:|ignoring|Unknown|Failed)/);
  });

  test('is not for an interface that only has the address: no card, so no place in the hardware', async () => {
    const said = await withInterface({ 'systemd/network/10-ironlift-enp0s25.link': link }, PROBE);
    expect(said).toContain('Parsed configuration file "/run/systemd/network/10-ironlift-enp0s25.link"');
    expect(said).not.toContain('ID_NET_NAME=enp0s25');
    expect(said).not.toMatch(/10-ironlift[^\n]*(:\d+:|ignoring|Unknown|Failed)/);
  });
});

describe('a rule', () => {
  const rulesOf = async (): Promise<string> => {
    const { after } = await fix(
      networkNames,
      { '/lib/udev/rules.d/x.rules': '', '/etc/network/interfaces': 'iface lan7 inet dhcp\n' },
      { nics: [{ name: 'lan7', mac: MAC }] },
    );
    return (await after.readText('/etc/udev/rules.d/70-persistent-net.rules'))!;
  };
  const APPLY =
    'udevadm test --action=add /sys/class/net/va >/run/said 2>&1 || true; ip -o link; grep -i rules:.*invalid /run/said || true';

  test('renames the interface of the address', async () => {
    // A veth has no driver above it: without that match the rest of the rule is what decides.
    const rules = (await rulesOf()).replace('DRIVERS=="?*", ', '');
    const said = await withInterface({ 'udev/rules.d/70-persistent-net.rules': rules }, APPLY);
    expect(said).toMatch(/: lan7@vb:/);
    expect(said).not.toMatch(/invalid/i);
  });

  test('leaves an interface without a card alone', async () => {
    const said = await withInterface({ 'udev/rules.d/70-persistent-net.rules': await rulesOf() }, APPLY);
    expect(said).toMatch(/: va@vb:/);
  });
});
