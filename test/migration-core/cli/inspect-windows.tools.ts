/** `ironlift inspect` on whole disks of Windows servers, made by the programs of others. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Guest } from '../../../migration-core/guest/guest.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { windowsDisk } from '../../support/windows-disk.ts';
import { ironlift } from '../../support/world.ts';

test('a Server 2022 with data drive, SQL Server and vendor software', async () => {
  const path = join(await scratchFolder(), 'server.img');
  const service = { Type: 0x10, Start: 2, ImagePath: 'C:\\x.exe' };
  await windowsDisk(path, {
    version: '2022',
    data: { '/share/a.txt': 'a' },
    system: { 'CCS\\Services\\MSSQLSERVER': service, 'CCS\\Services\\CqMgHost': service },
    software: { 'Microsoft\\Windows NT\\CurrentVersion': { ProductId: '00377-OEM-1234567-12345' } },
  });
  const { status, out, err } = await ironlift(['inspect', path]);
  expect(err).toBe('');
  expect(status).toBe(0);
  expect(out).toContain('FILESRV01: Windows Server 2022 Standard (build 20348), x86_64, UEFI firmware\n');
  expect(out).toMatch(/disk0p1 .* FAT file system .* EFI system partition\n/u);
  expect(out).toMatch(/disk0p2 .* NTFS file system .* C:\n/u);
  expect(out).toMatch(/disk0p3 .* NTFS file system .* D:\n/u);
  expect(out).toContain(
    [
      'Windows',
      '  Version: NT 10.0, build 20348',
      '  Edition: ServerStandard, server',
      '  Folder: C:\\Windows',
      '  Roles: SQL Server',
      '  Disk controllers: PERC H730 Mini (percsas3i)',
      '  Licence: OEM, bound to this hardware',
      '  Hardware clock: in local time',
      '',
    ].join('\n'),
  );
  expect(out).toContain('  Ethernet    physical  not recorded  10.1.2.3/24, 10.1.2.4/24\n');
  expect(out).toContain('HP Insight Management Agents');
  expect(out).toContain('licensed with its hardware');
  expect(out).not.toContain('Kernels');
  expect(out).not.toContain('unknown');
  expect(out).toContain('This server can be converted.');

  const json = JSON.parse((await ironlift(['inspect', path, '--json'])).out) as { guest: Guest };
  expect(json.guest.windows).toMatchObject({ ntVersion: '10.0', systemDrive: 'C', roles: ['sql-server'] });
  expect(json.guest.agents.map(({ name }) => name)).toEqual(['HP Insight Management Agents']);
});

test('a Server 2003 on MBR', async () => {
  const path = join(await scratchFolder(), 'old.img');
  await windowsDisk(path, { version: '2003' });
  const { status, out } = await ironlift(['inspect', path]);
  expect(status).toBe(0);
  expect(out).toContain('FILESRV01: Microsoft Windows Server 2003 R2 (build 3790), i686, BIOS firmware\n');
  expect(out).toContain('  Version: NT 5.2, build 3790, Service Pack 2\n');
  expect(out).toContain('  HAL: halmacpi.dll\n');
});

test('a volume that Windows wants to check is not prepared, and may be copied unchanged', async () => {
  const folder = await scratchFolder();
  const path = join(folder, 'dirty.img');
  const { volumes } = await windowsDisk(path, { version: '2012' });
  const { offset, size } = volumes.find(({ at }) => at === '')!;
  const volume = join(folder, 'volume');
  const mebibytes = (bytes: number): string => String(bytes / 2 ** 20);
  await run('dd', [
    `if=${path}`,
    `of=${volume}`,
    'bs=1M',
    `skip=${mebibytes(offset)}`,
    `count=${mebibytes(size)}`,
  ]);
  // Without -d it marks the volume, so that Windows checks it at its next start.
  await run('ntfsfix', [volume]);
  await run('dd', [`if=${volume}`, `of=${path}`, 'bs=1M', `seek=${mebibytes(offset)}`, 'conv=notrunc']);

  const inspected = await ironlift(['inspect', path]);
  expect(inspected.status).toBe(3);
  expect(inspected.out.replace(/\s+/gu, ' ')).toContain(
    'Windows cannot be prepared, because its volume (C:, disk0p2) was not left in order and must not be changed.',
  );
  const to = ['--to', 'kvm', '-o', join(folder, 'out'), '--plan'];
  const refused = await ironlift(['convert', path, ...to]);
  expect(refused.status).toBe(3);
  expect(refused.err).toContain('was not left in order and must not be changed');
  const copied = await ironlift(['convert', path, ...to, '--no-fix']);
  expect(copied.err.replace(/\s+/gu, ' ')).not.toContain('must not be changed');
  expect(copied.status).toBe(0);
});
