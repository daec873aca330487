/** This machine, asked by our scripts and by systeminformation: two ways that must say the same. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { askSystemInformation, collectLocal } from '../../../../migration-core/collect/local/collect.ts';
import type { CollectLocalOptions } from '../../../../migration-core/collect/local/collect.ts';
import type { WatchEvent } from '../../../../migration-core/collect/live/watch.ts';
import { serverInventory, type ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { markedProcesses, soon } from '../../../support/sshd.ts';
import { run, scratchFolder } from '../../../support/tools.ts';

async function all(options: CollectLocalOptions): Promise<WatchEvent[]> {
  const list: WatchEvent[] = [];
  for await (const event of collectLocal(options)) list.push(event);
  return list;
}

async function inventory(platform: NodeJS.Platform): Promise<ServerInventory> {
  const found = (await all({ platform })).find((event) => event.kind === 'inventory');
  return found!.inventory;
}

const model = (text: string | undefined): string =>
  (text ?? '')
    .replace(/\(R\)|\(TM\)|®|™|\bCPU\b/giu, '')
    .replace(/\s+/gu, ' ')
    .trim();

describe('this computer', () => {
  it('is the same by our scripts and by systeminformation', async () => {
    const ours = await inventory('linux');
    const theirs = await inventory('win32');
    expect(serverInventory.parse(theirs)).toEqual(theirs);
    expect(theirs.identity.name).toBe(ours.identity.name);
    expect(theirs.identity.smbiosUuid).toBe(ours.identity.smbiosUuid);
    expect(theirs.memoryBytes! / ours.memoryBytes!).toBeGreaterThan(0.9);
    expect(theirs.memoryBytes! / ours.memoryBytes!).toBeLessThan(1.1);
    const [processor] = ours.processors!;
    const [other] = theirs.processors!;
    expect(model(other!.model)).toBe(model(processor!.model));
    expect(other!.threads).toBe(processor!.threads);
    expect(other!.cores).toBe(processor!.cores);
    expect(other!.sockets).toBe(processor!.sockets);
    expect(new Set(other!.flags)).toEqual(new Set(processor!.flags));
    expect(theirs.operatingSystem!.build).toBe(ours.operatingSystem!.build);
    expect(theirs.firmware?.kind).toBe(ours.firmware?.kind);
    // Only disks that systeminformation knows: it looks at those with a bus it has a name for.
    for (const disk of theirs.disks ?? []) {
      expect(ours.disks!.find(({ name }) => name === disk.name)?.bytes, disk.name).toBe(disk.bytes);
    }
    const addresses = ({ networkInterfaces }: ServerInventory): string[] =>
      networkInterfaces!
        .flatMap((nic) => nic.addresses.filter((address) => !/^(?:fe80|127|::1)/u.test(address)))
        .sort();
    expect(addresses(theirs)).toEqual(addresses(ours));
    const root = (one: ServerInventory) => one.volumes!.find(({ mountPoint }) => mountPoint === '/')!;
    expect(root(theirs).fileSystem).toBe(root(ours).fileSystem);
  });

  it('is measured without /proc, too, and what is not known is a gap', async () => {
    const [events, listed] = await Promise.all([
      all({ platform: 'win32', performance: { interval: 5, duration: 5 }, inventory: false }),
      run('sh', ['-c', 'sleep 1; head -n1 /proc/stat; sleep 4; head -n1 /proc/stat']),
    ]);
    const samples = events.filter((event) => event.kind === 'samples');
    expect(samples.length).toBe(2);
    const value = (metric: string): number =>
      samples[1]!.batches.find((one) => one.metric === metric)!.values[0]!;
    const [before, after] = listed
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/u).slice(1, 9).map(Number));
    const ticks = after!.map((ticksNow, index) => ticksNow - before![index]!);
    const total = ticks.reduce((sum, one) => sum + one, 0);
    const busy = (100 * (total - ticks[3]! - ticks[4]! - ticks[7]!)) / total;
    // Not the same seconds exactly, and waiting is idle to one and not to the other.
    expect(Math.abs(value('cpu.busy') - busy)).toBeLessThan(25);
    expect(value('memory.total')).toBeGreaterThan(100e6);
    expect(value('memory.used') + value('memory.available')).toBe(value('memory.total'));
    const parts = (await askSystemInformation()).gaps.map(({ part }) => part);
    expect(parts).toContain('drivers');
  });

  it('leaves no process of its own when it is cancelled', async () => {
    const mark = `IRONLIFT_LOCAL_TEST=${process.pid}`;
    process.env['IRONLIFT_LOCAL_TEST'] = String(process.pid);
    onTestFinished(() => {
      delete process.env['IRONLIFT_LOCAL_TEST'];
    });
    const signal = AbortSignal.timeout(1_500);
    let during: string[] = [];
    for await (const event of collectLocal({ inventory: false, performance: { interval: 60 }, signal })) {
      if (event.kind === 'samples') during = markedProcesses(mark);
    }
    expect(during.length).toBeGreaterThan(1);
    expect(await soon(() => markedProcesses(mark).length === 0), markedProcesses(mark).join()).toBe(true);
  });

  it('that takes commands and never answers is a failure, not the end of the work', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'id'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => timeout(500));
    onTestFinished(() => {
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
    });
    await expect(all({ platform: 'linux' })).rejects.toMatchObject({ code: 'COLLECT_FAILED' });
  });
});
