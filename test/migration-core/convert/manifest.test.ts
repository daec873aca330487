import { JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../../migration-core/convert/lock.ts';
import {
  MANIFEST_NAME,
  readManifest,
  renderManifest,
  type Manifest,
} from '../../../migration-core/convert/manifest.ts';
import { applyUndo, planUndo } from '../../../migration-core/convert/undo.ts';
import { scratchFolder } from '../../support/tools.ts';

const manifest: Manifest = {
  ironlift: '0.1.0',
  formatVersion: 1,
  created: '2026-01-01T00:00:00.000Z',
  target: 'kvm',
  guest: null,
  machine: {
    name: 'web01',
    uuid: '00000000-0000-4000-8000-000000000000',
    cpus: 2,
    memoryMiB: 2048,
    firmware: 'bios',
    architecture: 'x86_64',
    os: { id: 'debian', version: '12', name: 'Debian' },
    clock: 'utc',
    disks: [{ file: 'web01-disk0.qcow2', format: 'qcow2', size: 1 << 30, bus: 'virtio-blk', unit: 0 }],
    nics: [],
  },
  disks: [],
  edits: [
    {
      fixer: 'fstab',
      what: 'The root entry names its volume by UUID.',
      why: 'Device names change.',
      action: 'write',
      path: '/etc/fstab',
      before: {
        kind: 'file',
        content: new Uint8Array([0, 255, 10]),
        addedXattrs: [],
        mode: 0o644,
        uid: 0,
        gid: 0,
        mtime: 1.5,
        xattrs: { 'security.selinux': new Uint8Array([1]) },
      },
    },
    {
      fixer: 'initramfs-drivers',
      what: 'a',
      why: 'b',
      action: 'append',
      path: '/boot/initrd',
      before: { kind: 'size', size: 42 },
    },
    {
      fixer: 'windows-boot-drivers',
      what: 'a',
      why: 'b',
      action: 'registry',
      path: '/Windows/System32/config/SYSTEM',
      before: {
        kind: 'registry',
        undo: [
          { op: 'set', key: 'A\\B', name: '', type: 0xffffffff, data: new Uint8Array([1, 2]) },
          { op: 'delete-value', key: 'A', name: 'x' },
          { op: 'delete-empty-key', key: 'A' },
          {
            op: 'restore-key',
            key: 'C',
            tree: {
              name: 'C',
              className: 'c',
              security: new Uint8Array([9]),
              values: [{ name: 'v', type: 3, data: new Uint8Array(0) }],
              subkeys: [
                {
                  name: 'D',
                  className: null,
                  link: true,
                  security: new Uint8Array([9]),
                  values: [],
                  subkeys: [],
                },
              ],
            },
          },
        ],
        patch: { sha256: 'ab', size: 8192, ranges: [{ offset: 4, bytes: new Uint8Array([0, 255]) }] },
      },
    },
  ],
  findings: [],
  timings: [],
  undone: null,
};

describe('readManifest', () => {
  it('gives back what was written, bytes included', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, MANIFEST_NAME), renderManifest(manifest));
    expect(await readManifest(folder)).toEqual(manifest);
    expect((await planUndo(folder)).map(({ undo }) => undo)).toEqual([
      'What was changed in the registry file /Windows/System32/config/SYSTEM becomes what it was (4 values and keys); every byte of it where nothing else has written to the file since.',
      '/boot/initrd is cut back to its former 42 bytes.',
      '/etc/fstab gets its former contents back (3 bytes).',
    ]);
  });

  it('tells of a Windows in paths as its people know them', async () => {
    const folder = await scratchFolder();
    const guest = { windows: { systemDrive: 'D' } };
    await writeFile(join(folder, MANIFEST_NAME), renderManifest({ ...manifest, guest }));
    expect((await planUndo(folder))[0]!.undo).toBe(
      'What was changed in the registry file D:\\Windows\\System32\\config\\SYSTEM becomes what it was (4 values and keys); every byte of it where nothing else has written to the file since.',
    );
    for (const windows of [null, 'x', {}, { systemDrive: 7 }]) {
      await writeFile(join(folder, MANIFEST_NAME), renderManifest({ ...manifest, guest: { windows } }));
      expect((await planUndo(folder))[0]!.undo).toContain(' /Windows/System32/config/SYSTEM ');
    }
  });

  it('lets nobody take changes back while a job is at work in the folder', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, MANIFEST_NAME), renderManifest(manifest));
    const lock = await takeLock(folder);
    await expect(applyUndo(folder, { now: () => 0, onStep: () => undefined })).rejects.toMatchObject({
      code: 'JOB_RUNNING',
      message: `A job is at work in ${folder} (process ${process.pid}).`,
    });
    await lock.release();
    expect(await readdir(folder)).toEqual([MANIFEST_NAME]);
  });

  it('says of a conversion that was interrupted how to go on with it', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, JOURNAL_NAME), '');
    await expect(readManifest(folder)).rejects.toMatchObject({
      code: 'NOT_A_CONVERSION',
      message: `The conversion in ${folder} did not come to its end.`,
      next: `Continue it with \`ironlift resume ${folder}\`, then start again.`,
    });
  });

  it('refuses other folders and damaged records, and disk names that leave the folder', async () => {
    const folder = await scratchFolder();
    await expect(readManifest(folder)).rejects.toMatchObject({ code: 'NOT_A_CONVERSION', exitStatus: 3 });
    const evil = renderManifest(manifest).replace('web01-disk0.qcow2', '../../etc/passwd');
    for (const text of ['', '[]', '{"formatVersion":2}', evil]) {
      await writeFile(join(folder, MANIFEST_NAME), text);
      await expect(readManifest(folder)).rejects.toMatchObject({ code: 'NOT_A_CONVERSION' });
    }
  });
});
