/** B5, W1, W16: disk and network. */
import {
  burstCondition,
  highIo,
  ioOverhead,
  ioRefused,
  latencyLimit,
  latencySensitive,
} from '../rules/gates.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { SizedServer } from '../model/sized.ts';
import { grouped, percent, type Found, type GateRule, type Subject } from './gate.ts';
import { notSized } from './limits.ts';

/** Share of latency that the platform's devices add. */
export function overheadOf({ context, facts, release }: Subject): number {
  const table = context.rules.value(ioOverhead);
  const { platform } = context;
  if (platform.architecture === 'os') return table.os;
  // A controller or adapter that goes through is reached as before.
  if (platform.passThrough && handsThroughIo(facts)) return table.passThrough;
  const { drivers } = platform;
  // A paravirtual platform is of no use to a guest without drivers for it (SR-25).
  const without = drivers === undefined || drivers === 'none' || release?.drivers[drivers] === 'none';
  return platform.devices === 'paravirtual' && !without ? table.paravirtual : table.emulated;
}

/** Storage controllers, network cards and Fibre Channel adapters among the devices that a person said go through. */
function handsThroughIo({ inventory, annotations }: ServerFacts): boolean {
  const through = annotations.passThrough ?? [];
  return (inventory?.devices ?? []).some(
    ({ classId, address, name }) =>
      /^(?:01|02|0c04)/u.test(classId?.toLowerCase() ?? '') &&
      through.some((one) => one !== '' && (one === address || one === name)),
  );
}

const figures = ({ io }: SizedServer): string =>
  [
    io.operations === null ? '' : `${grouped(io.operations)} operations/s`,
    io.bytes === null ? '' : `${(io.bytes / 1e6).toFixed(0)} MB/s`,
    io.storageShare === null ? '' : `${percent(io.storageShare)} of what a host's storage gives`,
  ]
    .filter((text) => text !== '')
    .join(', ') || 'no figures';

const measured = ({ io }: SizedServer): boolean =>
  io.operations !== null || io.storageShare !== null || io.bytes !== null;

const notMeasured = (what: string): Found => ({
  because: `Whether ${what} is not known: its disks were not measured.`,
  fix: 'Measure the server for a week at least.',
  severity: 'warning',
  fixable: true,
  unknown: 'disk performance',
});

export const b5: GateRule = {
  id: 'B5',
  severity: 'blocker',
  title: 'Input and output too heavy for the platform',
  rules: [ioRefused, ioOverhead],
  find(subject) {
    const { sized, context } = subject;
    if (sized === null) return notSized('its input and output suit the platform');
    const { classes, overheadAbove } = context.rules.value(ioRefused);
    const overhead = overheadOf(subject);
    // Devices that cost next to nothing carry any load.
    if (overhead <= overheadAbove) return null;
    if (!measured(sized))
      return notMeasured(`its input and output are too heavy for ${context.platform.name}`);
    if (!classes.includes(sized.io.class)) return null;
    return {
      because: `Its input and output are ${sized.io.class} (p95: ${figures(sized)}), and devices of ${context.platform.name} make each request ${percent(overhead)} slower for this system, where ${percent(overheadAbove)} is the limit.`,
      fix: 'Choose a platform with paravirtual drivers for this system, hand the controller through, or keep or cluster the server.',
      evidence: [figures(sized)],
      fixable: false,
    };
  },
};

export const w1: GateRule = {
  id: 'W1',
  severity: 'warning',
  title: 'High input and output',
  rules: [highIo, latencyLimit, latencySensitive, burstCondition],
  find(subject) {
    const { sized, context, facts } = subject;
    if (sized === null) return notSized('its input and output are high');
    if (!measured(sized)) return notMeasured('its input and output are high');
    const { io } = sized;
    const { rules } = context;
    const found: string[] = [];
    if (rules.value(highIo).includes(io.class)) {
      found.push(`its input and output are ${io.class} (p95: ${figures(sized)})`);
      if (io.burstiness !== null && io.burstiness > rules.value(burstCondition))
        found.push(`peaks are ${io.burstiness.toFixed(0)} times the median`);
    }
    const sensitive = rules.value(latencySensitive);
    if (facts.annotations.latencySensitive === true) found.push('it is marked as sensitive to latency');
    else if (
      io.latency !== null &&
      io.operations !== null &&
      io.latency < sensitive.latency &&
      io.operations > sensitive.operations
    )
      found.push(
        `its disks answer in ${milliseconds(io.latency)} at ${grouped(io.operations)} operations/s, so it is used to fast storage`,
      );
    if (io.latency !== null) {
      const limit = rules.value(latencyLimit);
      const expected = io.latency * (1 + overheadOf(subject));
      if (io.latency <= limit && expected > limit)
        found.push(
          `its disk latency of ${milliseconds(io.latency)} would pass ${milliseconds(limit)} with what the platform adds`,
        );
    }
    if (found.length === 0) return null;
    const sentence = found.join('; ');
    return {
      because: `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`,
      fix: 'Place it on flash or a fast array with paravirtual drivers and few neighbours, and test it under load before the cut-over.',
      evidence: found,
    };
  },
};

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;

export const w16: GateRule = {
  id: 'W16',
  severity: 'warning',
  title: 'A bottleneck today',
  rules: [],
  find({ sized }) {
    if (sized === null) return notSized('its own hardware holds it back');
    if (!measured(sized)) return notMeasured('its disks hold it back');
    if (!sized.io.constrained) return null;
    const { latency } = sized.io;
    return {
      because: `Its own disks hold it back already${latency === null ? '' : ` (latency p95 ${milliseconds(latency)})`}: what was measured is less than what it would like.`,
      fix: 'Give it more than was measured, and compare before and after the move.',
      evidence: [figures(sized)],
    };
  },
};
