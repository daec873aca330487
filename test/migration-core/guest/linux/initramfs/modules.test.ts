import { describe, expect, test } from 'vitest';
import { writeKmodIndex } from '../../../../../migration-core/guest/linux/initramfs/kmod-index.ts';
import {
  availableModules,
  dependencyClosure,
  parseDependencies,
  parseSoftDependencies,
  readKernelModules,
} from '../../../../../migration-core/guest/linux/initramfs/modules.ts';
import { VERSION, guestWith } from './images.ts';

describe('modules of a kernel', () => {
  test('files and built-in ones, spelled with underscores', async () => {
    const { files, kernel } = guestWith({ compressed: { suffix: '.xz', pack: (content) => content } });
    const names = await availableModules(files, kernel);
    expect([...names].sort()).toEqual([
      'ahci',
      'crc_t10dif',
      'crct10dif_generic',
      'ext4',
      'libata',
      'nvme',
      'scsi_mod',
      'sd_mod',
      'virtio',
      'virtio_blk',
      'virtio_net',
      'virtio_pci',
      'virtio_ring',
    ]);
  });

  test('a kernel without a modules directory has none', async () => {
    const { files, kernel } = guestWith();
    expect(await availableModules(files, { ...kernel, modulesDirectory: '/lib/modules/none' })).toEqual(
      new Set(),
    );
  });

  test('the binary indexes serve where the text is missing', async () => {
    const place = `/usr/lib/modules/${VERSION}`;
    const more = {
      [`${place}/modules.dep`]: '',
      [`${place}/modules.builtin`]: '',
      [`${place}/modules.dep.bin`]: {
        file: writeKmodIndex([['virtio_blk', 'kernel/virtio_blk.ko: kernel/virtio.ko']]),
      },
      [`${place}/modules.builtin.bin`]: { file: writeKmodIndex([['nvme-core', '']]) },
    };
    const { files, kernel } = guestWith({ more });
    const modules = await readKernelModules(files, kernel);
    expect(modules.modules.get('virtio_blk')).toEqual({
      path: 'kernel/virtio_blk.ko',
      needs: ['kernel/virtio.ko'],
    });
    expect(modules.builtin).toEqual(new Set(['nvme_core']));
  });

  test('a damaged binary index is none', async () => {
    const place = `/usr/lib/modules/${VERSION}`;
    const { files, kernel } = guestWith({ more: { [`${place}/modules.dep`]: '' } });
    expect((await readKernelModules(files, kernel)).modules.size).toBe(0);
  });

  test('absolute paths of old kernels; what leads elsewhere is no module', () => {
    const lines = [
      `/lib/modules/${VERSION}/kernel/a-b.ko: /lib/modules/${VERSION}/kernel/c.ko /etc/passwd`,
      'kernel/../../../etc/x.ko: kernel/c.ko',
      '/etc/y.ko:',
      'kernel/text',
      'kernel/readme.txt:',
      '',
    ];
    expect([...parseDependencies(lines, VERSION)]).toEqual([
      ['a_b', { path: 'kernel/a-b.ko', needs: ['kernel/c.ko'] }],
    ]);
  });

  test('soft dependencies: both lists, several lines, words without a list', () => {
    const soft = parseSoftDependencies(
      '# comment\nsoftdep a-1 pre: b c-2 post: d\nsoftdep a-1 pre: e\nsoftdep x y z\nalias a b\n',
    );
    expect([...soft]).toEqual([
      ['a_1', { pre: ['b', 'c_2', 'e'], post: ['d'] }],
      ['x', { pre: [], post: [] }],
    ]);
  });

  test('the closure follows soft dependencies by alias, and what it needs comes first', async () => {
    const { files, kernel } = guestWith();
    const modules = await readKernelModules(files, kernel);
    const closure = dependencyClosure(modules, ['virtio-blk', 'sd_mod', 'nvme', 'no_such']);
    expect(closure.missing).toEqual(['no_such']);
    const at = (name: string): number => closure.modules.indexOf(name);
    expect([...closure.modules].sort()).toEqual([
      'crc_t10dif',
      'crct10dif_generic',
      'scsi_mod',
      'sd_mod',
      'virtio',
      'virtio_blk',
      'virtio_ring',
    ]);
    expect(at('virtio_ring')).toBeLessThan(at('virtio'));
    expect(at('virtio')).toBeLessThan(at('virtio_blk'));
    expect(at('crct10dif_generic')).toBeLessThan(at('crc_t10dif'));
  });

  test('circles end', () => {
    const modules = parseDependencies(['k/a.ko: k/b.ko', 'k/b.ko: k/a.ko'], VERSION);
    const soft = parseSoftDependencies('softdep a post: b a\nsoftdep b pre: a');
    const kernel = {
      version: VERSION,
      directory: '/x',
      modules,
      builtin: new Set<string>(),
      aliases: new Map(),
      soft,
    };
    expect(dependencyClosure(kernel, ['a']).modules.sort()).toEqual(['a', 'b']);
  });
});
