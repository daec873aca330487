/**
 * Network interfaces of /proc/net/dev (proc(5)). Only those with hardware behind them are counted: what goes through a
 * bond, bridge or VLAN goes through these, and would count twice. A server without any (a container) is measured by all it
 * has but the loopback interface.
 */
import { counter, rise } from './counters.ts';
import type { Frame } from './frames.ts';
import { MAXIMUM_INSTANCES, type Measurement, type Meter } from './meter.ts';

const VIRTUAL =
  /^(?:lo$|sit\d|ip6tnl|tunl|gre|erspan|ifb|dummy|veth|tap|tun|docker|br-|virbr|vnet|bond|team|cali|flannel|cni|ip_vti|ip6_vti|ip6gre)|[.@]/u;

/** Columns after the name: bytes, packets, errors and dropped received, and from the ninth on the same sent. */
function nicsOf(frame: Frame | null, known: ReadonlySet<string> | null): Map<string, string[]> {
  const nics = new Map<string, string[]>();
  for (const line of frame?.parts.get('net') ?? []) {
    // Old kernels leave no blank between the colon and a large number.
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim();
    const words = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/u);
    const isNic = known === null || known.size === 0 ? !VIRTUAL.test(name) : known.has(name);
    if (isNic && words.length >= 12 && nics.size < MAXIMUM_INSTANCES) nics.set(name, words);
  }
  return nics;
}

export const nics: Meter = (now, before, { seconds, bits, nics: known }) => {
  const older = nicsOf(before, known);
  return [...nicsOf(now, known)].flatMap(([name, words]) => {
    const old = older.get(name);
    if (old === undefined) return [];
    const rate = (...columns: number[]): number =>
      columns.reduce((sum, index) => sum + rise(counter(words[index]), counter(old[index]), bits), 0) /
      seconds;
    const values: [Measurement['metric'], number][] = [
      ['nic.receivedBytes', rate(0)],
      ['nic.sentBytes', rate(8)],
      ['nic.receivedPackets', rate(1)],
      ['nic.sentPackets', rate(9)],
      ['nic.errors', rate(2, 3, 10, 11)],
    ];
    return values.map(([metric, value]) => ({ metric, instance: name, value }));
  });
};
