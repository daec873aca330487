/** Load of this computer as systeminformation sees it, for systems without /proc: what it has, and nothing made up. */
import si from 'systeminformation';
import type { Systeminformation } from 'systeminformation';
import { ALL_INSTANCES, type MetricId } from '../../store/model/metrics.ts';
import type { SampleBatch } from '../../store/model/samples.ts';

/** Of one moment; counters are totals since the system started. */
interface Reading {
  /** Milliseconds of a clock that nobody sets. */
  running: number;
  interfaces: Map<string, { received: number; sent: number; errors: number }>;
  /** null: the system does not tell. */
  disks: { reads: number; writes: number } | null;
}

export class SystemGauge {
  readonly #interval: number;
  #before: Reading | null = null;

  /** @param interval seconds */
  constructor(interval: number) {
    this.#interval = interval;
  }

  /** @param at milliseconds since 1970 @param running milliseconds of a clock that nobody sets */
  async measure(at: number, running: number): Promise<SampleBatch[]> {
    const [load, memory, volumes, reading] = await Promise.all([
      // Since its last call; the first tells the mean since the system started, which is no sample.
      si.currentLoad(),
      si.mem(),
      si.fsSize(),
      read(running),
    ]);
    const before = this.#before;
    this.#before = reading;
    const values: [MetricId, string, number][] = [
      ['memory.total', '', memory.total],
      ['memory.used', '', memory.total - memory.available],
      ['memory.available', '', memory.available],
      ['memory.swapUsed', '', memory.swapused],
      ...volumes.map(({ mount, used }): [MetricId, string, number] => ['volume.used', mount, used]),
    ];
    if (before !== null) {
      values.push(
        ['cpu.busy', '', load.currentLoad],
        ['cpu.user', '', load.currentLoadUser + load.currentLoadNice],
        ['cpu.privileged', '', load.currentLoadSystem + load.currentLoadIrq],
        ...rates(reading, before),
      );
    }
    return values
      .filter(([, , value]) => Number.isFinite(value) && value >= 0)
      .map(([metric, instance, value]) => ({
        metric,
        instance,
        times: Float64Array.of(at),
        values: Float64Array.of(value),
        interval: this.#interval,
      }));
  }
}

async function read(running: number): Promise<Reading> {
  const statistics = await si.networkStats('*');
  // null on Windows, although its type does not say so.
  const io = (await si.disksIO()) as Systeminformation.DisksIoData | null;
  return {
    running,
    interfaces: new Map(
      statistics
        .filter(({ iface }) => !/^lo\d*$/u.test(iface))
        .map((nic) => [
          nic.iface,
          {
            received: nic.rx_bytes,
            sent: nic.tx_bytes,
            errors: nic.rx_errors + nic.tx_errors + nic.rx_dropped + nic.tx_dropped,
          },
        ]),
    ),
    disks: io === null ? null : { reads: io.rIO, writes: io.wIO },
  };
}

/** What fell began anew and is not known: NaN and negative values are left out above. */
function rates(now: Reading, before: Reading): [MetricId, string, number][] {
  const seconds = (now.running - before.running) / 1000;
  const list: [MetricId, string, number][] = [];
  for (const [name, nic] of now.interfaces) {
    const old = before.interfaces.get(name);
    if (old === undefined) continue;
    list.push(
      ['nic.receivedBytes', name, (nic.received - old.received) / seconds],
      ['nic.sentBytes', name, (nic.sent - old.sent) / seconds],
      ['nic.errors', name, (nic.errors - old.errors) / seconds],
    );
  }
  // Only sums of all disks, and no bytes.
  if (now.disks !== null && before.disks !== null) {
    list.push(
      ['disk.readOperations', ALL_INSTANCES, (now.disks.reads - before.disks.reads) / seconds],
      ['disk.writeOperations', ALL_INSTANCES, (now.disks.writes - before.disks.writes) / seconds],
    );
  }
  return list;
}
