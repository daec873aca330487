import { expect, test } from 'vitest';
import { blacklist, blockedModule, unblock } from '../../../../../migration-core/guest/linux/blacklist.ts';
import { fix } from '../../../../support/fix-linux.ts';

test.each([
  ['blacklist virtio_net', 'virtio_net'],
  ['  blacklist   virtio-blk  ', 'virtio_blk'],
  ['install nvme /bin/true', 'nvme'],
  ['install nvme /usr/bin/false', 'nvme'],
  ['alias e1000 off', 'e1000'],
  ['install snd /sbin/modprobe --ignore-install snd && true', null],
  ['options virtio_net csum=0', null],
  ['# blacklist virtio_net', null],
  ['softdep virtio_net pre: x', null],
])('%s', (line, module) => expect(blockedModule(line)).toBe(module));

test('arguments: only the needed driver is taken out of a list', () => {
  const needed = new Set(['virtio_net', 'nvme']);
  expect(unblock('ro modprobe.blacklist=nouveau,virtio-net,x quiet', needed)).toBe(
    'ro modprobe.blacklist=nouveau,x quiet',
  );
  expect(unblock('ro rd.driver.blacklist=nvme quiet', needed)).toBe('ro quiet');
  expect(unblock('ro module_blacklist=nouveau', needed)).toBe('ro module_blacklist=nouveau');
});

test('drivers of this machine are freed, those of others stay blocked', async () => {
  const files = {
    '/etc/modprobe.d/blacklist-local.conf':
      '# local\nblacklist virtio_net\nblacklist pcspkr\ninstall mptsas /bin/false\n',
    '/usr/lib/modprobe.d/dist.conf': 'blacklist floppy\n',
    '/etc/modprobe.d/old.conf.rpmsave': 'blacklist virtio_net\n',
    '/etc/kernel/cmdline': 'ro rdblacklist=virtio_blk rdblacklist=nouveau\n',
  };
  const kvm = await fix(blacklist, files, { nics: [{ name: null, mac: '52:54:00:00:00:01' }] });
  expect(kvm.changes).toEqual(['write /etc/modprobe.d/blacklist-local.conf', 'write /etc/kernel/cmdline']);
  expect(await kvm.after.readText('/etc/modprobe.d/blacklist-local.conf')).toBe(
    '# local\n#ironlift# blacklist virtio_net\nblacklist pcspkr\ninstall mptsas /bin/false\n',
  );
  expect(await kvm.after.readText('/etc/kernel/cmdline')).toBe('ro rdblacklist=nouveau\n');
  const sas = await fix(blacklist, files, { bus: 'lsi-sas' });
  expect(await sas.after.readText('/etc/modprobe.d/blacklist-local.conf')).toContain(
    '\n#ironlift# install mptsas /bin/false\n',
  );
});
