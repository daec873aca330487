/** Inventory and performance of this computer: by the scripts of the collector where it runs Linux, elsewhere by systeminformation. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import si from 'systeminformation';
import type { ServerIdentity } from '../../store/model/identity.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import { systemClock, WakeDetector, type Clock } from '../live/clock.ts';
import { watchServer, type WatchEvent } from '../live/watch.ts';
import { SystemGauge } from './live.ts';
import { LocalShell } from './shell.ts';
import { staticInventory } from './static.ts';

export interface CollectLocalOptions {
  /** Default true. */
  inventory?: boolean;
  /** Seconds; `duration` left away: until the signal. Left away: inventory only. */
  performance?: { interval: number; duration?: number };
  /** The password for sudo where this program is not run by root; null: there is none. Left away: no sudo. */
  sudo?: { password: () => Promise<string | null> };
  platform?: NodeJS.Platform;
  clock?: Clock;
  signal?: AbortSignal;
}

/** Ends with the duration, or quietly with the signal. @throws COLLECT_FAILED */
export async function* collectLocal(options: CollectLocalOptions): AsyncGenerator<WatchEvent> {
  const signal = options.signal ?? new AbortController().signal;
  const clock = options.clock ?? systemClock;
  const { performance } = options;
  const watch = {
    inventory: options.inventory ?? true,
    performance:
      performance === undefined
        ? null
        : { interval: performance.interval, duration: performance.duration ?? null },
    clock,
    signal,
  };
  if ((options.platform ?? process.platform) === 'linux') {
    const turn = async (): Promise<() => void> => () => undefined;
    yield* watchServer(hostname(), async () => new LocalShell(), { ...watch, sudo: options.sudo, turn });
    return;
  }
  let identity: ServerIdentity = { name: hostname(), macs: [] };
  if (watch.inventory) {
    yield { kind: 'state', state: 'inventory' };
    const inventory = await askSystemInformation();
    identity = inventory.identity;
    yield { kind: 'inventory', inventory, observedAt: clock.now() };
  }
  if (watch.performance !== null) yield* measure(identity, watch.performance, clock, signal);
}

/** Some of its questions take seconds on Windows. */
export async function askSystemInformation(): Promise<ServerInventory> {
  const [
    system,
    bios,
    baseboard,
    chassis,
    os,
    cpu,
    memory,
    memoryLayout,
    disks,
    fileSystems,
    interfaces,
    services,
  ] = await Promise.all([
    si.system(),
    si.bios(),
    si.baseboard(),
    si.chassis(),
    si.osInfo(),
    si.cpu(),
    si.mem(),
    si.memLayout(),
    si.diskLayout(),
    si.fsSize(),
    si.networkInterfaces('*'),
    si.services('*'),
  ]);
  const cpuFlags = cpu.flags === '' ? await si.cpuFlags() : cpu.flags;
  return staticInventory({
    ...{ system, bios, baseboard, chassis, os, memory, memoryLayout, disks, fileSystems, services },
    cpu: { ...cpu, flags: cpuFlags },
    interfaces: Array.isArray(interfaces) ? interfaces : [interfaces],
    time: si.time(),
  });
}

async function* measure(
  server: ServerIdentity,
  { interval, duration }: { interval: number; duration: number | null },
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  yield { kind: 'state', state: 'sampling' };
  const until = duration === null ? Infinity : clock.now() + duration * 1000;
  let gauge = new SystemGauge(interval);
  let last: number | null = null;
  for (let records = 1; !signal.aborted; records++) {
    const wake = new WakeDetector(clock);
    const at = clock.now();
    const batches = await gauge.measure(at, clock.running());
    // A clock that was set back must not put two samples on one time.
    if (last === null || at > last) yield { kind: 'samples', server, batches };
    last = at;
    // A last interval that is much shorter would be no sample like the others.
    if (until - clock.now() < interval * 500) return;
    await sleep(interval * 1000, undefined, { signal }).catch(() => undefined);
    // What was counted while it slept is no rate of an interval.
    if (wake.look(interval * 1000)) {
      gauge = new SystemGauge(interval);
      const message = `Nothing was measured on this computer from ${new Date(at).toISOString()} to ${new Date(clock.now()).toISOString()}: it was asleep, or its clock was set.`;
      yield { kind: 'problem', problem: { at: records, unit: 'record', message } };
    }
  }
}
