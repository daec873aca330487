/** Idle and peak watts of servers by launch year and by processor: resources/power/servers.json. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const watts = z.number().positive().max(100_000);

const powerData = z.strictObject({
  launchYears: z.strictObject({
    source: z.string().min(3),
    /** Of the servers the medians are of. */
    sockets: z.number().int().positive(),
    /** Ascending. */
    years: z.array(z.strictObject({ year: z.number().int(), idleWatts: watts, peakWatts: watts })).min(1),
  }),
  architectures: z.strictObject({
    source: z.string().min(3),
    entries: z.array(
      z.strictObject({
        name: z.string(),
        /** Regular expression over the name the processor gives itself. */
        model: z.string(),
        /** Of one logical processor. */
        minWatts: watts,
        maxWatts: watts,
      }),
    ),
  }),
});
export type PowerData = z.infer<typeof powerData>;

const SHIPPED = fileURLToPath(new URL('../../../resources/power/servers.json', import.meta.url));

/** The tables that came with the program. */
export const shippedPowerData = (): PowerData => powerData.parse(JSON.parse(readFileSync(SHIPPED, 'utf8')));
