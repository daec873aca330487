/** What happens to a command when nobody takes what it prints any more. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { smallServer } from '../../support/small-server.ts';
import { scratchFolder } from '../../support/tools.ts';

const IRONLIFT = join(import.meta.dirname, '../../../bin/ironlift.js');

it('a conversion comes to its end when the reader of its output has left', async () => {
  const scratch = await scratchFolder();
  const disk = await smallServer(join(scratch, 'disk.img'));
  const out = join(scratch, 'out');
  const child = spawn(process.execPath, [IRONLIFT, 'convert', disk, '--to', 'kvm', '-o', out]);
  child.stdout.destroy();
  child.stderr.destroy();
  const [status] = (await once(child, 'exit')) as [number];
  expect(status).toBe(0);
  expect(await readdir(out)).toContain('ironlift.json');
  expect((await readdir(out)).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

it('a full disk under standard output is told, and is no success', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [IRONLIFT, '--help'], { stdio: ['ignore', full, 'pipe'] });
  let err = '';
  child.stderr!.on('data', (piece: Buffer) => (err += piece.toString()));
  const [status] = (await once(child, 'close')) as [number];
  closeSync(full);
  expect(status).toBe(1);
  expect(err).toContain('Error: What was to be printed could not be written (ENOSPC).');
  expect(err).not.toMatch(/^ {4}at /mu);
});
