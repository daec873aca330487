/**
 * What the columns of a plain CSV file mean (`options.columns`). Two forms:
 *
 *   wide: a time and one column for each metric, and perhaps one that names the server, one the disk
 *   long: a time, the name of a metric and a value, and perhaps server and instance
 */
import { z } from 'zod';
import { METRICS, type MetricId } from '../../../../store/model/metrics.ts';
import { TIME_FORMATS } from '../numbers.ts';
import { UNIT_NAMES } from '../units.ts';

/** By its heading, or by its number from 0. */
const column = z.union([z.string().min(1).max(1000), z.number().int().min(0).max(100_000)]);
export type ColumnName = z.infer<typeof column>;

const metric = z.enum(METRICS.map(({ id }) => id) as [MetricId, ...MetricId[]]);

/** A figure: what it is, and how it becomes what is kept: (figure x unit x factor) + plus. */
const figure = z.object({
  metric,
  unit: z.enum(UNIT_NAMES).optional(),
  factor: z.number().optional(),
  plus: z.number().optional(),
});
export type Figure = z.infer<typeof figure>;

const common = {
  /** One character; guessed where left away. */
  delimiter: z.enum([',', ';', '\t', '|']).optional(),
  /** The first row is data; columns are given by number. */
  noHeading: z.boolean().optional(),
  time: z.object({
    column,
    /** Of the time of day, where it has a column of its own. */
    clock: column.optional(),
    format: z.enum(TIME_FORMATS),
    /** Minutes east of UTC, for times that name no zone. */
    utcOffsetMinutes: z.number().int().min(-840).max(840).optional(),
  }),
  /** Left away: the file is of one server (`options.serverName`). */
  server: column.optional(),
  /** Column that names the disk, network interface, volume or process. */
  instance: column.optional(),
};

const wide = z.object({
  form: z.literal('wide'),
  ...common,
  figures: z
    .array(
      figure.extend({ column, /** Where no column names it. */ instance: z.string().max(1000).optional() }),
    )
    .min(1)
    .max(100_000),
});

const long = z.object({
  form: z.literal('long'),
  ...common,
  metric: z.object({
    column,
    /** What the names in the column mean; names that are not here are guessed or left out. */
    names: z.record(z.string(), figure).default({}),
  }),
  value: column,
});

export const csvMapping = z.discriminatedUnion('form', [wide, long]);
export type CsvMapping = z.infer<typeof csvMapping>;
