/** The servers of the sample engagement (resources/sample/harbour.json): who they are and how they are loaded. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { serverAnnotations } from '../../store/model/annotations.ts';
import { device, operatingSystem } from '../../store/model/inventory.ts';
import { DAY_SHAPES, type DayShape, type ServerLoad } from './load.ts';
import { MACHINES, type MachineName } from './hardware.ts';

const range = z.tuple([z.number(), z.number()]);

const load = z.strictObject({
  shape: z.enum(Object.keys(DAY_SHAPES) as DayShape[]),
  weekend: z.number(),
  monthEnd: z.number(),
  growth: z.number(),
  noise: z.number(),
  bursts: z.number(),
  cpu: range,
  memory: range,
  reads: range,
  writes: range,
  readSize: z.number(),
  writeSize: z.number(),
  latency: z.number(),
  received: range,
  sent: range,
  backup: z
    .strictObject({
      startMinute: z.number(),
      minutes: z.number(),
      bytesPerSecond: z.number(),
      days: z.array(z.number()),
    })
    .nullable(),
});

const castMember = z.strictObject({
  name: z.string(),
  machine: z.enum([...(Object.keys(MACHINES) as MachineName[]), 'virtual']),
  os: z.string(),
  load: z.string().nullable(),
  memoryGib: z.number(),
  /** GiB of each disk, and the share that is used. */
  disks: z.array(range),
  ports: z.number().default(2),
  team: z.boolean().default(false),
  vlan: z.number().optional(),
  roles: z.array(z.string()),
  /** Ports. */
  listens: z.array(z.number()),
  /** Servers it talks to, with the port. */
  talksTo: z.array(z.tuple([z.string(), z.number()])).default([]),
  services: z.array(z.string()).default([]),
  extra: z.array(device).default([]),
  encryption: z.enum(['luks', 'bitlocker']).optional(),
  fibreChannel: z.boolean().default(false),
  secureBoot: z.boolean().default(false),
  annotations: serverAnnotations.default({}),
  /** Times without samples, as shares of the whole. */
  gaps: z.array(range).default([]),
});
export type CastMember = z.infer<typeof castMember>;

const cast = z.object({
  operatingSystems: z.record(z.string(), operatingSystem),
  loads: z.record(z.string(), load.partial()),
  servers: z.array(castMember),
});

export interface Cast {
  servers: CastMember[];
  operatingSystemOf(member: CastMember): z.infer<typeof operatingSystem>;
  /** null: was never measured. */
  loadOf(member: CastMember): Omit<ServerLoad, 'memoryBytes'> | null;
}

export function readCast(): Cast {
  const path = new URL('../../../resources/sample/harbour.json', import.meta.url);
  const { servers, loads, operatingSystems } = cast.parse(JSON.parse(readFileSync(path, 'utf8')));
  return {
    servers,
    operatingSystemOf: ({ os }) => operatingSystem.parse(operatingSystems[os]),
    loadOf: (member) =>
      member.load === null ? null : load.parse({ ...loads['quiet'], ...loads[member.load] }),
  };
}
