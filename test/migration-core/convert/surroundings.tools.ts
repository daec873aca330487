/** What a conversion needs of the machine it runs on, and what it does when the machine lets it down. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../support/hash.ts';
import { smallServer } from '../../support/small-server.ts';
import { needTools, run, scratchFolder, tryRun } from '../../support/tools.ts';

const MIB = 1 << 20;
const IRONLIFT = join(import.meta.dirname, '../../../bin/ironlift.js');

it('needs no rights beyond its own files: no mounts, no loop devices, no programs of others', async () => {
  needTools('setpriv', 'strace');
  const scratch = await scratchFolder();
  const disk = await smallServer(join(scratch, 'disk.img'));
  const trace = join(scratch, 'trace');
  // A process of uid 0 without a single capability has what any user has.
  const ran = await tryRun('setpriv', [
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--no-new-privs',
    'strace',
    '-f',
    '-e',
    'trace=execve,mount,umount2,init_module,finit_module,setns,unshare,openat',
    '-o',
    trace,
    process.execPath,
    IRONLIFT,
    'convert',
    disk,
    '--to',
    'kvm',
    '-o',
    join(scratch, 'out'),
  ]);
  expect(ran.stderr + ran.stdout).toContain('verified');
  expect(ran.status).toBe(0);
  const calls = (await readFile(trace, 'utf8')).split('\n');
  const started = calls.filter((line) => line.includes('execve('));
  expect(started).toHaveLength(1);
  expect(calls.filter((line) => /\b(mount|umount2|f?init_module|setns|unshare)\(/u.test(line))).toEqual([]);
  const opened = calls.filter((line) => line.includes('openat(') && line.includes('"/dev/'));
  expect(opened.filter((line) => /\/dev\/(loop|mapper|nbd|fuse|kvm)/u.test(line))).toEqual([]);
  // The source is opened for reading, every time.
  const source = calls.filter((line) => line.includes(`"${disk}"`));
  expect(source.length).toBeGreaterThan(0);
  expect(source.filter((line) => !line.includes('O_RDONLY'))).toEqual([]);
});

it('says so and takes everything away when the destination fills up during the copy', async () => {
  needTools('mount', 'umount', 'fallocate');
  const scratch = await scratchFolder();
  const disk = await smallServer(join(scratch, 'disk.img'), { sizeMiB: 600 });
  const fill = await open(disk, 'r+');
  const noise = new Uint8Array(MIB).map((_, index) => (index * 2654435761) >>> 13);
  for (let at = 200; at < 590; at++) await fill.write(noise, 0, MIB, at * MIB);
  await fill.close();
  const before = await sha256(disk);
  const small = join(scratch, 'small');
  await mkdir(small);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=700m', 'tmpfs', small]);
  onTestFinished(async () => {
    await run('umount', [small]);
  });

  const args = ['convert', disk, '--to', 'kvm', '--whole-disk', '--no-fix', '-o', join(small, 'out')];
  const child = spawn(process.execPath, [IRONLIFT, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const closed = once(child, 'close');
  // Everything was checked and found good; then somebody else takes the room.
  for (;;) {
    const names = await readdir(join(small, 'out')).catch(() => [] as string[]);
    if (names.some((name) => name.endsWith('.qcow2.partial'))) break;
    if (child.exitCode !== null) throw new Error(`It ended before the disk could be filled:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await run('fallocate', ['-l', '500M', join(small, 'other')]);
  const [status] = (await closed) as [number];
  expect(said).toContain('DESTINATION_FULL');
  expect(status).toBe(1);
  expect(await readdir(small)).toEqual(['other']);
  expect(await sha256(disk)).toBe(before);
});
