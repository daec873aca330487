import { describe, expect, test } from 'vitest';
import type { Guest } from '../../../../../migration-core/guest/guest.ts';
import { consoleArguments, consoles } from '../../../../../migration-core/guest/linux/consoles.ts';
import { fix } from '../../../../support/fix-linux.ts';

const grub2 = (...files: string[]): Partial<Guest> => ({ bootLoaders: [{ kind: 'grub2', files }] });

describe('console arguments of a command line', () => {
  test.each([
    // A machine with a screen only: the screen stays first, so it is last on the line.
    ['ro quiet', 'ro quiet console=ttyS0,115200 console=tty0'],
    ['', 'console=ttyS0,115200 console=tty0'],
    ['console=tty0 ro', 'console=ttyS0,115200 console=tty0 ro'],
    // Serial over LAN of a management processor, with its speed.
    ['console=tty0 console=ttyS1,57600n8 ro', 'console=tty0 console=ttyS0,57600n8 ro'],
    ['console=hvc0', 'console=ttyS0,115200'],
    ['earlyprintk=xen console=xvc0 ro', 'earlyprintk=xen console=ttyS0,115200 ro'],
    // What fits is left alone.
    ['console=tty1 console=ttyS0,9600', 'console=tty1 console=ttyS0,9600'],
    ['console=ttyS0 console=ttyS1,115200', 'console=ttyS0'],
    ['console=ttyS1 console=ttyS2', 'console=ttyS0,115200'],
    [
      'netconsole=4444@10.0.0.1/eth1 ro',
      'netconsole=4444@10.0.0.1/eth1 ro console=ttyS0,115200 console=tty0',
    ],
  ])('%s', (before, after) => {
    expect(consoleArguments(before, true)).toBe(after);
    expect(consoleArguments(after, true)).toBe(after);
  });

  test('a part of a command line is only set right, never added to', () => {
    expect(consoleArguments('quiet splash', false)).toBe('quiet splash');
    expect(consoleArguments('console=ttyS1,115200', false)).toBe('console=ttyS0,115200');
  });
});

describe('where command lines are kept', () => {
  test('Debian: menu and settings, once each; memory test and other systems left alone', async () => {
    const cfg = (args: string): string =>
      `set timeout=5\nmenuentry 'Debian' {\n\tsearch --fs-uuid x\n\tlinux\t/boot/vmlinuz-6.1 root=UUID=abc ro quiet${args}\n\tinitrd\t/boot/initrd.img-6.1\n}\nmenuentry 'Memory test' {\n\tlinux16 /boot/memtest86+.bin\n}\n`;
    const settings = (args: string): string =>
      `GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="${args}"\n#GRUB_TERMINAL=console\n`;
    const { after, changes, findings } = await fix(
      consoles,
      { '/boot/grub/grub.cfg': cfg(''), '/etc/default/grub': settings('') },
      { guest: grub2('/boot/grub/grub.cfg', '/etc/default/grub') },
    );
    expect(changes).toEqual(['write /boot/grub/grub.cfg', 'write /etc/default/grub']);
    expect(findings).toEqual([]);
    expect(await after.readText('/boot/grub/grub.cfg')).toBe(cfg(' console=ttyS0,115200 console=tty0'));
    expect(await after.readText('/etc/default/grub')).toBe(settings('console=ttyS0,115200 console=tty0'));
  });

  test('RHEL 8: the environment block keeps its size, entries refer to it', async () => {
    const block = (args: string): string => {
      const head = `# GRUB Environment Block\nsaved_entry=x\nkernelopts=root=/dev/mapper/rhel-root ro ${args}\nboot_success=0\n`;
      return head + '#'.repeat(1024 - head.length);
    };
    const entry = 'title RHEL\nlinux /vmlinuz-4.18\noptions $kernelopts $tuned_params\n';
    const { after, changes } = await fix(
      consoles,
      {
        '/boot/grub2/grubenv': block('crashkernel=auto console=tty0 console=ttyS1,115200n8 '),
        '/boot/loader/entries/a.conf': entry,
        '/etc/default/grub':
          'GRUB_TERMINAL="serial console"\nGRUB_SERIAL_COMMAND="serial --speed=115200 --unit=1 --word=8"\nGRUB_CMDLINE_LINUX=quiet\n',
      },
      {
        guest: {
          bootLoaders: [
            { kind: 'grub2', files: ['/boot/grub2/grubenv', '/etc/default/grub'] },
            { kind: 'bls', files: ['/boot/loader/entries/a.conf'] },
          ],
        },
      },
    );
    expect(changes).toEqual([
      'write /boot/grub2/grubenv',
      'write /etc/default/grub',
      'write /etc/default/grub',
    ]);
    expect(await after.readText('/boot/grub2/grubenv')).toBe(
      block('crashkernel=auto console=tty0 console=ttyS0,115200n8 '),
    );
    expect(await after.readText('/boot/loader/entries/a.conf')).toBe(entry);
    // A value that gets a space gets quotes.
    expect(await after.readText('/etc/default/grub')).toBe(
      'GRUB_TERMINAL="serial console"\nGRUB_SERIAL_COMMAND="serial --speed=115200 --unit=0 --word=8"\nGRUB_CMDLINE_LINUX="quiet console=ttyS0,115200 console=tty0"\n',
    );
  });

  test('GRUB legacy, extlinux and systemd-boot', async () => {
    const { after } = await fix(
      consoles,
      {
        '/boot/grub/menu.lst':
          'serial --unit=1 --speed=9600\n# kopt=root=UUID=x ro\ntitle A\nkernel /vmlinuz root=UUID=x ro\ntitle B\nkernel /memtest.bin\n',
        '/boot/extlinux.conf': 'LABEL l\n  KERNEL vmlinuz\n  APPEND root=UUID=x modules=ext4\n',
        '/boot/efi/loader/entries/b.conf': 'title A\noptions root=UUID=x rw\n',
        '/etc/kernel/cmdline': 'root=UUID=x rw\n',
      },
      {
        guest: {
          bootLoaders: [
            { kind: 'grub-legacy', files: ['/boot/grub/menu.lst'] },
            { kind: 'extlinux', files: ['/boot/extlinux.conf'] },
            { kind: 'systemd-boot', files: ['/boot/efi/loader/entries/b.conf'] },
          ],
        },
      },
    );
    const add = 'console=ttyS0,115200 console=tty0';
    expect(await after.readText('/boot/grub/menu.lst')).toBe(
      `serial --unit=0 --speed=9600\n# kopt=root=UUID=x ro ${add}\ntitle A\nkernel /vmlinuz root=UUID=x ro ${add}\ntitle B\nkernel /memtest.bin\n`,
    );
    expect(await after.readText('/boot/extlinux.conf')).toContain(`APPEND root=UUID=x modules=ext4 ${add}\n`);
    expect(await after.readText('/boot/efi/loader/entries/b.conf')).toBe(
      `title A\noptions root=UUID=x rw ${add}\n`,
    );
    expect(await after.readText('/etc/kernel/cmdline')).toBe(`root=UUID=x rw ${add}\n`);
  });
});

describe('logins', () => {
  const cmdline = { '/etc/kernel/cmdline': 'ro console=ttyS0,115200 console=tty0\n' };
  const units = {
    '/usr/lib/systemd/system/serial-getty@.service': '[Service]\n',
    '/etc/systemd/system/getty.target.wants/getty@tty1.service': {
      symlink: '/usr/lib/systemd/system/getty@.service',
    },
  };

  test('systemd: the kernel argument is enough; a login on a dead port is masked', async () => {
    expect((await fix(consoles, { ...cmdline, ...units })).changes).toEqual([]);
    const { after, changes } = await fix(consoles, {
      ...cmdline,
      ...units,
      '/etc/systemd/system/getty.target.wants/serial-getty@ttyS1.service': {
        symlink: '/usr/lib/systemd/system/serial-getty@.service',
      },
    });
    expect(changes).toEqual(['symlink /etc/systemd/system/serial-getty@ttyS1.service']);
    expect(await after.readlink('/etc/systemd/system/serial-getty@ttyS1.service')).toBe('/dev/null');
  });

  test('systemd without any kernel arguments: the login is switched on', async () => {
    const { after, changes, findings } = await fix(consoles, units);
    expect(changes).toEqual(['symlink /etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service']);
    expect(await after.readlink('/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service')).toBe(
      '/usr/lib/systemd/system/serial-getty@.service',
    );
    expect(findings).toEqual(['CONSOLE_ARGUMENTS_NOT_FOUND']);
  });

  test('inittab of Debian 7: added where there is none', async () => {
    const inittab =
      'id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\n#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n\n';
    const { after, changes } = await fix(
      consoles,
      { ...cmdline, '/etc/inittab': inittab, '/sbin/getty': 'x', '/etc/securetty': 'console\ntty1\n' },
      { guest: { init: 'sysvinit' } },
    );
    expect(changes).toEqual(['write /etc/inittab', 'write /etc/securetty']);
    expect(await after.readText('/etc/inittab')).toBe(
      `${inittab.trimEnd()}\n# Written by Ironlift: a login on the serial console of the virtual machine.\nS0:2345:respawn:/sbin/getty -L 115200 ttyS0 vt100\n`,
    );
    expect(await after.readText('/etc/securetty')).toBe('console\ntty1\nttyS0\n');
  });

  test('inittab of SLES 11 on a management processor: the port is replaced, a second one switched off', async () => {
    const { after } = await fix(
      consoles,
      {
        ...cmdline,
        '/etc/inittab':
          'S1:12345:respawn:/sbin/agetty -L 115200 ttyS1 vt102\nxc:2345:respawn:/sbin/mingetty hvc0\n',
        '/etc/securetty': '',
      },
      { guest: { init: 'sysvinit' } },
    );
    expect(await after.readText('/etc/inittab')).toBe(
      'S1:12345:respawn:/sbin/agetty -L 115200 ttyS0 vt102\n#ironlift# xc:2345:respawn:/sbin/mingetty hvc0\n',
    );
    expect(await after.readText('/etc/securetty')).toBe('');
  });

  test('busybox inittab of Alpine', async () => {
    const { after } = await fix(
      consoles,
      { ...cmdline, '/etc/inittab': 'tty1::respawn:/sbin/getty 38400 tty1\n', '/sbin/getty': 'x' },
      { guest: { init: 'openrc' } },
    );
    expect(await after.readText('/etc/inittab')).toContain(
      '\nttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n',
    );
  });

  test('upstart: Ubuntu 14 gets a job; a job on a dead port is overridden; RHEL 6 has its own', async () => {
    const { after, changes } = await fix(
      consoles,
      { ...cmdline, '/etc/init/ttyS1.conf': 'exec /sbin/getty ttyS1\n', '/sbin/getty': 'x' },
      { guest: { init: 'upstart' } },
    );
    expect(changes).toEqual(['write /etc/init/ttyS1.override', 'write /etc/init/ttyS0.conf']);
    expect(await after.readText('/etc/init/ttyS0.conf')).toContain(
      '\nexec /sbin/getty -L 115200 ttyS0 vt100\n',
    );
    const redhat = { id: 'rhel', version: '6', name: 'RHEL 6', family: 'redhat' as const };
    const own = await fix(
      consoles,
      { '/etc/kernel/cmdline': 'ro console=tty0 console=ttyS1,115200\n', '/sbin/agetty': 'x' },
      { guest: { init: 'upstart', os: redhat } },
    );
    expect(own.changes).toEqual(['write /etc/kernel/cmdline']);
  });
});
