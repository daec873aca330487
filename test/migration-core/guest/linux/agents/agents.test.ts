import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import { agents, findAgents } from '../../../../../migration-core/guest/linux/agents.ts';
import { readCatalogue } from '../../../../../migration-core/guest/linux/agents-catalogue.ts';
import { fix, treeOf } from '../../../../support/fix-linux.ts';
import type { Tree } from '../../../../support/linux-guests.ts';
import { scratchFolder } from '../../../../support/tools.ts';

const UNIT = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n';
const wanted = (name: string, at = '/usr/lib/systemd/system'): Tree => ({
  [`${at}/${name}.service`]: UNIT,
  [`/etc/systemd/system/multi-user.target.wants/${name}.service`]: { symlink: `${at}/${name}.service` },
});

describe('the catalogue', () => {
  test('names every vendor the conversion is to know, each entry with something to find it by', async () => {
    const entries = await readCatalogue();
    const vendors = new Set(entries.map(({ vendor }) => vendor));
    for (const vendor of [
      'HPE',
      'Dell',
      'IBM',
      'Supermicro',
      'Fujitsu',
      'Broadcom (LSI)',
      'Microchip (Adaptec)',
      'VMware',
    ])
      expect(vendors).toContain(vendor);
    for (const { id, services, paths, modules } of entries)
      expect(services.length + paths.length + modules.length, id).toBeGreaterThan(0);
    const services = entries.flatMap((entry) => entry.services);
    expect(new Set(services).size).toBe(services.length);
  });

  test('a damaged one is refused', async () => {
    const file = `${await scratchFolder()}/linux.json`;
    for (const content of ['{', '{"entries":[]}', '{"entries":[{"id":"x"}]}', 'null']) {
      await writeFile(file, content);
      await expect(readCatalogue(pathToFileURL(file))).rejects.toSatisfy((error) =>
        isIronliftError(error, 'CATALOGUE_DAMAGED'),
      );
    }
    await expect(readCatalogue(pathToFileURL(`${file}.none`))).rejects.toSatisfy((error) =>
      isIronliftError(error, 'CATALOGUE_DAMAGED'),
    );
  });
});

test('what is installed is found in every form', async () => {
  const found = await findAgents(
    treeOf({
      ...wanted('amsd'),
      ...wanted('smad'),
      '/etc/init.d/dataeng': '#!/bin/sh\n',
      '/etc/rc.d/init.d/vivaldiframeworkd': '#!/bin/sh\n',
      '/etc/init/vmware-tools.conf': 'exec x\n',
      '/opt/Supermicro/SuperDoctor5/x': '',
      '/etc/modules': '# boot\nipmi-watchdog timeout=5\n',
    }),
  );
  expect(found.map(({ id, services }) => [id, ...services].join(' '))).toEqual([
    'hpe-ams amsd smad',
    'dell-openmanage dataeng',
    'supermicro-superdoctor',
    'broadcom-megaraid vivaldiframeworkd',
    'ipmi',
    'hardware-watchdogs',
    'vmware-tools vmware-tools',
  ]);
});

describe('switched off, never deleted', () => {
  test('systemd: masked, the links that want it stay; a unit in /etc is moved aside', async () => {
    const { after, changes } = await fix(agents, {
      ...wanted('hp-health'),
      ...wanted('dsm_sa_datamgrd', '/etc/systemd/system'),
      // Installed but not enabled: nobody starts it.
      '/usr/lib/systemd/system/smartd.service': UNIT,
      // Without an [Install] section it is started by something else.
      '/usr/lib/systemd/system/ipmievd.service': '[Service]\nExecStart=/x\n',
      // A script that systemd would start.
      '/etc/init.d/mcelogd': '#!/bin/sh\n',
      '/etc/rc3.d/S13mcelogd': { symlink: '../init.d/mcelogd' },
    });
    expect(changes).toEqual([
      'symlink /etc/systemd/system/hp-health.service',
      'rename /etc/systemd/system/dsm_sa_datamgrd.service.ironlift-off',
      'symlink /etc/systemd/system/dsm_sa_datamgrd.service',
      'symlink /etc/systemd/system/ipmievd.service',
      'symlink /etc/systemd/system/mcelogd.service',
      'mkdir /etc/modprobe.d',
      'write /etc/modprobe.d/ironlift-hardware.conf',
    ]);
    expect(await after.readlink('/etc/systemd/system/hp-health.service')).toBe('/dev/null');
    expect(await after.lstat('/etc/systemd/system/multi-user.target.wants/hp-health.service')).not.toBeNull();
    expect(await after.readText('/etc/modprobe.d/ironlift-hardware.conf')).toMatch(
      /^# Written .*\n(blacklist \w+\n)*blacklist hpwdt\n(blacklist \w+\n)*$/,
    );
  });

  test('SysV (RHEL 5, SLES 11): start links become stop links, in each runlevel once', async () => {
    const { changes } = await fix(
      agents,
      {
        '/etc/rc.d/init.d/hp-health': '#!/bin/sh\n',
        '/etc/init.d': { symlink: 'rc.d/init.d' },
        '/etc/rc3.d': { symlink: 'rc.d/rc3.d' },
        '/etc/rc.d/rc3.d/S91hp-health': { symlink: '../init.d/hp-health' },
        '/etc/rc.d/rc3.d/S10network': { symlink: '../init.d/network' },
        '/etc/rc.d/rc5.d/S91hp-health': { symlink: '../init.d/hp-health' },
        '/etc/rc.d/rc5.d/K09hp-health': { symlink: '../init.d/hp-health' },
        '/etc/modprobe.d/x.conf': '',
      },
      { guest: { init: 'sysvinit' } },
    );
    expect(changes).toEqual([
      'rename /etc/rc.d/rc3.d/K09hp-health',
      'rename /etc/rc.d/rc5.d/ironlift-off.S91hp-health',
      'write /etc/modprobe.d/ironlift-hardware.conf',
    ]);
  });

  test('a start link that is moved aside is not a start link any more', async () => {
    // rc runs S* of any ending, so the new name must not begin with S.
    const { after } = await fix(
      agents,
      {
        '/etc/init.d/smartd': '#!/bin/sh\n',
        '/etc/rc3.d/S40smartd': { symlink: '../init.d/smartd' },
        '/etc/rc3.d/K60smartd': { symlink: '../init.d/smartd' },
      },
      { guest: { init: 'sysvinit' } },
    );
    expect((await after.list('/etc/rc3.d')).filter((name) => name.startsWith('S'))).toEqual([]);
  });

  test('upstart and OpenRC', async () => {
    const upstart = await fix(
      agents,
      { '/etc/init/smartd.conf': 'exec x\n', '/etc/init/smartd.override': '# mine' },
      { guest: { init: 'upstart' } },
    );
    expect(upstart.changes).toEqual(['write /etc/init/smartd.override']);
    expect(await upstart.after.readText('/etc/init/smartd.override')).toBe('# mine\nmanual\n');
    const openrc = await fix(
      agents,
      {
        '/etc/init.d/smartd': '#!/sbin/openrc-run\n',
        '/etc/runlevels/default/smartd': { symlink: '/etc/init.d/smartd' },
        '/etc/runlevels/default/sshd': { symlink: '/etc/init.d/sshd' },
      },
      { guest: { init: 'openrc' } },
    );
    expect(openrc.changes).toEqual(['remove /etc/runlevels/default/smartd']);
  });

  test('tools of a hypervisor are kept on their own platform', async () => {
    const files = wanted('vmtoolsd');
    expect((await fix(agents, files, { target: 'vmware-workstation' })).changes).toEqual([]);
    expect((await fix(agents, files, { target: 'kvm' })).changes[0]).toBe(
      'symlink /etc/systemd/system/vmtoolsd.service',
    );
    const qemu = wanted('qemu-guest-agent');
    expect((await fix(agents, qemu, { target: 'kvm' })).changes).toEqual([]);
    expect((await fix(agents, qemu, { target: 'vmware-workstation' })).changes).toHaveLength(1);
  });

  test('multipath only where no disk uses it', async () => {
    const unused = await fix(agents, { ...wanted('multipathd'), '/etc/multipath/wwids': '# Valid WWIDs:\n' });
    expect(unused.changes).toEqual(['symlink /etc/systemd/system/multipathd.service']);
    const used = await fix(agents, {
      ...wanted('multipathd'),
      '/etc/multipath/wwids': '# Valid\n/3600508b1001c/\n',
    });
    expect(used.changes).toEqual([]);
    const mounted = await fix(agents, {
      ...wanted('multipathd'),
      '/etc/fstab': '/dev/mapper/mpatha1 / ext4 defaults 0 1\n',
    });
    expect(mounted.changes).toEqual([]);
  });
});
