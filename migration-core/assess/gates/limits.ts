/** B2, W8: what the platform's machines can have. */
import type { SizedServer } from '../model/sized.ts';
import { formatBytes, type Found, type GateRule, type Subject } from './gate.ts';

/** Without a size nothing can be held against limits. */
export const notSized = (what: string): Found => ({
  because: `Whether ${what} is not known: the machine could not be sized.`,
  fix: 'Collect the inventory of the server, and its performance where possible.',
  severity: 'warning',
  fixable: true,
  unknown: 'size of the machine',
});

export const b2: GateRule = {
  id: 'B2',
  severity: 'blocker',
  title: 'Larger than a machine of the platform can be',
  rules: [],
  find(subject) {
    const { sized, context } = subject;
    if (sized === null) return notSized('it fits the limits of the platform');
    const over = tooLarge(sized, subject);
    if (over.length === 0) return null;
    return {
      because: `It needs ${over.join(', ')}.`,
      fix: `Choose a platform with larger machines than those of ${context.platform.name}, or make the server smaller first.`,
      evidence: over,
      fixable: false,
    };
  },
};

function tooLarge(sized: SizedServer, { facts, context }: Subject): string[] {
  const { platform } = context;
  const limits =
    facts.inventory?.firmware?.kind === 'bios' && platform.bios !== undefined ? platform.bios : platform;
  const over: string[] = [];
  const at = (what: string, limit: string): void =>
    void over.push(`${what} where ${platform.name} has ${limit} at most`);
  if (sized.vcpus > limits.maxVcpus) at(`${sized.vcpus} virtual processors`, `${limits.maxVcpus}`);
  if (sized.memoryBytes > limits.maxMemoryBytes)
    at(`${formatBytes(sized.memoryBytes)} of memory`, formatBytes(limits.maxMemoryBytes));
  for (const disk of sized.disks)
    if (disk.bytes > platform.maxDiskBytes)
      at(`a disk (${disk.name}) of ${formatBytes(disk.bytes)}`, formatBytes(platform.maxDiskBytes));
  if (sized.nics.length > platform.maxNics) at(`${sized.nics.length} network cards`, `${platform.maxNics}`);
  return over;
}

export const w8: GateRule = {
  id: 'W8',
  severity: 'warning',
  title: 'More disks than the controllers hold',
  rules: [],
  find({ sized, context }) {
    if (sized === null) return notSized('its disks fit the controllers');
    const { platform } = context;
    if (sized.disks.length <= platform.maxDisks) return null;
    return {
      because: `It has ${sized.disks.length} disks, and machines of ${platform.name} hold ${platform.maxDisks}.`,
      fix: 'Join small disks into larger ones before the move, or reach some of them over iSCSI from inside the guest.',
      evidence: sized.disks.map(({ name }) => name),
    };
  },
};
