/** resources/collectors/linux-sample.sh in every shell it may meet, and with nothing but BusyBox. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFrames, type Frame } from '../../../../migration-core/collect/live/frames.ts';
import { findTool, needTools, run, scratchFolder, tryRun } from '../../../support/tools.ts';

const SCRIPT = join(import.meta.dirname, '../../../../resources/collectors/linux-sample.sh');
const APPLETS = ['awk', 'cat', 'date', 'df', 'grep', 'sed', 'sh', 'sleep', 'uname'];

async function frames(text: string): Promise<Frame[]> {
  const list: Frame[] = [];
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }
  for await (const event of readFrames(whole(), 'TOKEN')) {
    if (event.kind === 'frame') list.push(event.frame);
    else expect(event.kind).toBe('machine');
  }
  return list;
}

describe('the script that measures', () => {
  it('has nothing that ShellCheck knows to be wrong in a POSIX shell', async () => {
    needTools('shellcheck');
    expect(await run('shellcheck', ['-s', 'sh', SCRIPT])).toBe('');
  });

  it('says the same in dash, bash and BusyBox, there without any other tool', async () => {
    needTools('dash', 'bash', 'busybox');
    const applets = join(await scratchFolder(), 'bin');
    await mkdir(applets);
    for (const applet of APPLETS) await symlink(findTool('busybox')!, join(applets, applet));
    // The script looks into the usual folders, too; here they must not help.
    const script = (await readFile(SCRIPT, 'utf8')).replace(/^PATH=.*$/mu, `PATH=${applets}`);
    const shells: [string, string[], string][] = [
      ['dash', [SCRIPT], ''],
      ['bash', ['--posix', SCRIPT], ''],
      ['busybox', ['sh', '-s'], script],
    ];
    const disks = (await run('lsblk', ['-dnro', 'NAME,TYPE']))
      .split('\n')
      .filter((line) => line.endsWith(' disk'));
    for (const [shell, args, input] of shells) {
      const ran = await tryRun(shell, [...args, 'TOKEN', '1', '2', '1'], { input });
      expect(ran.stderr, shell).toBe('');
      expect(ran.status, shell).toBe(0);
      const [first, second] = await frames(ran.stdout);
      const parts = ['stat', 'meminfo', 'vmstat', 'loadavg', 'diskstats', 'net', 'disks', 'nics', 'volumes'];
      expect([...first!.parts.keys()], shell).toEqual(parts);
      expect([...second!.parts.keys()].toSorted(), shell).toEqual([...parts, 'processes'].toSorted());
      expect(second!.uptime - first!.uptime).toBeGreaterThan(0.9);
      expect(Math.abs(first!.epoch - Date.now() / 1000)).toBeLessThan(30);
      for (const disk of first!.parts.get('disks')!) expect(disks).toContain(`${disk} disk`);
      expect(
        first!.parts.get('volumes')!.some((line) => line.endsWith(' /')),
        shell,
      ).toBe(true);
      const programs = second!.parts.get('processes')!;
      expect(programs.length, shell).toBeGreaterThan(3);
      expect(programs.length, shell).toBeLessThanOrEqual(20);
      for (const program of programs) expect(program).toMatch(/^\d+ \d+ ./u);
    }
  });

  it('adds up programs by name, whatever their names are', async () => {
    const folder = await scratchFolder();
    const name = 'a) R 1 (b';
    await symlink(findTool('sh')!, join(folder, name));
    const burn = 'i=0; while [ $i -lt 3000000 ]; do i=$((i+1)); done';
    const [text] = await Promise.all([
      run('sh', [SCRIPT, 'TOKEN', '2', '2']),
      ...[1, 2].map(() => tryRun('timeout', ['4', join(folder, name), '-c', burn])),
    ]);
    const programs = (await frames(text))[1]!.parts.get('processes')!;
    const mine = programs.filter((line) => line.endsWith(` ${name}`));
    expect(mine.length, programs.join('; ')).toBe(1);
    expect(Number(mine[0]!.split(' ')[0])).toBeGreaterThan(0);
  });

  it('goes on without the volumes where df waits for ever', async () => {
    needTools('timeout');
    const folder = await scratchFolder();
    await writeFile(join(folder, 'df'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const ran = await tryRun('sh', [SCRIPT, 'TOKEN', '1', '1'], {
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
      timeoutSeconds: 30,
    });
    expect(ran.status).toBe(0);
    const [only] = await frames(ran.stdout);
    expect(only!.parts.get('stat')!.length).toBeGreaterThan(1);
    expect(only!.parts.get('volumes')).toEqual([]);
  });

  it('ends when nobody reads any more', async () => {
    const ran = await tryRun('sh', ['-c', `sh ${SCRIPT} TOKEN 1 | head -n 3 >/dev/null; echo over`], {
      timeoutSeconds: 20,
    });
    expect(ran.stdout).toBe('over\n');
  });
});
