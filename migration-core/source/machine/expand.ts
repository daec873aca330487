/** A SOURCE may be the description of a machine: it stands for all its disks, in their order. */
import { throwIfCancelled } from '../../base/cancel.ts';
import { IronliftError } from '../../base/errors.ts';
import { namesMachine, readMachine, type SourceMachine } from './read.ts';

export interface ExpandedSources {
  /** What can be opened, in order. */
  specs: string[];
  machine: SourceMachine | null;
}

/** @throws as readMachine; USAGE for two machines at once */
export async function expandSources(
  specs: readonly string[],
  signal?: AbortSignal,
): Promise<ExpandedSources> {
  const expanded: ExpandedSources = { specs: [], machine: null };
  for (const spec of specs) {
    throwIfCancelled(signal);
    if (!namesMachine(spec)) {
      expanded.specs.push(spec);
      continue;
    }
    const machine = await readMachine(spec);
    if (expanded.machine !== null)
      throw new IronliftError('USAGE', `${expanded.machine.path} and ${spec} describe two machines.`, {
        next: 'Convert one machine at a time.',
      });
    expanded.machine = machine;
    expanded.specs.push(...machine.disks.map(({ path }) => path));
  }
  return expanded;
}
