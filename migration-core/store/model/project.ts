/** What is said of the engagement itself: the document `project`. */
import { z } from 'zod';

/** What the consultant was asked for: the driver decides what the summary of a report begins with. */
export const DRIVERS = [
  'cost',
  'hardware-refresh',
  'space-and-power',
  'availability',
  'disaster-recovery',
  'standardisation',
] as const;

export const project = z.strictObject({
  customer: z.string().max(200).default(''),
  consultant: z.string().max(200).default(''),
  company: z.string().max(200).default(''),
  driver: z.enum(DRIVERS).default('cost'),
  currency: z.string().max(10).default('EUR'),
  /** BCP 47 of the customer; null: that of the program. */
  locale: z.string().max(35).nullable().default(null),
  notes: z.string().max(10_000).default(''),
  /** How long samples are to be taken, days. */
  collectDays: z.number().int().min(1).max(400).default(30),
});
export type Project = z.infer<typeof project>;

/** What the file says of itself; where that is damaged or missing, what nobody has said yet. */
export function projectOf(engagement: { document(kind: string, name: string): unknown }): Project {
  const parsed = project.safeParse(engagement.document('project', 'project') ?? {});
  return parsed.success ? parsed.data : project.parse({});
}
