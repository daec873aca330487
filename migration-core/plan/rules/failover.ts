/** Numbers of the failover proof. Values and sources are in resources/rules; ceilings of processors and memory are in the profiles. */
import { z } from 'zod';
import { rule } from '../../assess/rules/pack.ts';

const share = z.number().min(0.05).max(1);
const factor = z.number().min(1);

export const FAILOVER = {
  hostsPerFailure: rule(
    'failover.hostsPerFailure',
    'Hosts for each failure planned for',
    'hosts',
    z.number().int().positive(),
  ),
  disk: rule('failover.disk', 'Ceiling of storage while a host is down', '', share),
  network: rule('failover.network', 'Ceiling of the network while a host is down', '', share),
  vcpuFactor: rule('failover.vcpuFactor', 'Virtual processors while a host is down, by as usual', '', factor),
  machineFactor: rule('failover.machineFactor', 'Machines while a host is down, by as usual', '', factor),
  sets: rule(
    'failover.sets',
    'Sets of hosts lost together that are all tried',
    '',
    z.number().int().positive(),
  ),
} as const;
