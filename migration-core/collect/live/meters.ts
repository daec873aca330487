/** Everything that is measured on a running server, one line each. */
import { disks } from './disks.ts';
import { memory, paging } from './memory.ts';
import type { Meter } from './meter.ts';
import { nics } from './nics.ts';
import { processes } from './processes.ts';
import { processor } from './processor.ts';
import { volumes } from './volumes.ts';

export const meters: readonly Meter[] = [processor, memory, paging, disks, nics, volumes, processes];
