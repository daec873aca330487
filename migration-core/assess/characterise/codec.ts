/**
 * A profile in the engagement file, about 30 KB. Little-endian:
 *
 *     u32  `ILDP`
 *     u32  CRC-32 of all that follows
 *     u16  version of the profile (characterise.ts)
 *     u16  0
 *     u32  bytes of the head
 *     head: the profile without its weeks and its month end, as JSON
 *     rows: of each week in the order of WEEK_SHAPES its RESOURCES, then those of the month end if the head says that there
 *           is one. A row is a float32, its peak (NaN: not measured), and unless that is NaN or 0 a u16 for each slot, in
 *           65,535ths of the peak.
 *
 * The weeks of a profile hold no other values than these (week.ts), so one that was kept is the same as one computed anew.
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import {
  RESOURCES,
  SLOT_MINUTES,
  WEEK_SHAPES,
  type DemandProfile,
  type Statistic,
  type TypicalWeek,
  type WeekShape,
} from '../model/demand.ts';
import { PROFILE_VERSION } from './characterise.ts';
import { fromSteps, STEPS } from './week.ts';

const MAGIC = 0x5044_4c49;
const HEADER = 16;
const MINUTES_OF_WEEK = 10_080;
const SLOTS_OF_DAY = 144;
/** All rows, and a head ten times what one needs: larger bytes are not ours. */
const MAX_BYTES = 131_072;

const figure = z.number().nonnegative();
const share = z.number().min(0).max(1);
const time = z.number().min(-8.64e15).max(8.64e15);
const statistic: z.ZodType<Statistic | null> = z
  .strictObject({
    mean: figure,
    p50: figure,
    p90: figure,
    p95: figure,
    p99: figure,
    p999: figure,
    maximum: figure,
    slots: z.number().int().positive(),
    coverage: share,
    p95IsMaximum: z.boolean(),
    p99IsMaximum: z.boolean(),
  })
  .nullable();
const minute = z.number().int().min(0).max(1440);

type Head = Omit<DemandProfile, 'weeks' | 'monthEnd'> & { hasWeeks: boolean; hasMonthEnd: boolean };
const head: z.ZodType<Head> = z.strictObject({
  version: z.literal(PROFILE_VERSION),
  from: time,
  to: time,
  slot: z.number().positive(),
  days: figure,
  cpu: statistic,
  privilegedShare: share.nullable(),
  memoryUsed: statistic,
  memoryAvailable: z.strictObject({ minimum: figure, p5: figure }).nullable(),
  pagingIn: statistic,
  diskReadOperations: statistic,
  diskWriteOperations: statistic,
  diskOperations: statistic,
  diskReadBytes: statistic,
  diskWriteBytes: statistic,
  diskBytes: statistic,
  diskLatency: statistic,
  diskQueue: statistic,
  networkIn: statistic,
  networkOut: statistic,
  networkBytes: statistic,
  production: z
    .strictObject({
      cpu: statistic,
      diskOperations: statistic,
      diskBytes: statistic,
      networkBytes: statistic,
    })
    .nullable(),
  busiestUplink: z.strictObject({ name: z.string(), p95: share, speed: figure }).nullable(),
  cpuQueue: statistic,
  backup: z
    .array(
      z.strictObject({
        startMinute: minute,
        endMinute: minute,
        days: z.array(z.number().int().min(0).max(6)).max(7),
        cpu: figure,
        diskOperations: figure,
        diskBytes: figure,
        networkBytes: figure,
        basis: z.enum(['seen', 'told']),
      }),
    )
    .max(100),
  seen: z.strictObject({
    weekdayPeak: z.boolean(),
    weekend: z.boolean(),
    monthEnd: z.boolean(),
    quarterEnd: z.boolean(),
    backup: z.boolean(),
  }),
  growth: z.strictObject({
    cpu: z.number().nullable(),
    memory: z.number().nullable(),
    diskOperations: z.number().nullable(),
  }),
  restarts: z.number().int().nonnegative().nullable(),
  remarks: z.array(z.string().max(1000)).max(100),
  hasWeeks: z.boolean(),
  hasMonthEnd: z.boolean(),
});

export function encodeProfile(profile: DemandProfile): Uint8Array {
  const { weeks, monthEnd, ...rest } = profile;
  const json = Buffer.from(
    JSON.stringify({ ...rest, hasWeeks: weeks.length > 0, hasMonthEnd: monthEnd !== null } satisfies Head),
  );
  const rows = WEEK_SHAPES.flatMap((shape) => {
    const week = weeks.find((one) => one.shape === shape);
    return week === undefined ? [] : rowsOf(week.values, MINUTES_OF_WEEK / SLOT_MINUTES[shape]);
  });
  if (monthEnd !== null) rows.push(...rowsOf(monthEnd, SLOTS_OF_DAY));
  const bytes = Buffer.concat([Buffer.alloc(HEADER), json, ...rows.map(encodeRow)]);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt16LE(profile.version, 8);
  bytes.writeUInt32LE(json.length, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

const rowsOf = (values: Float32Array, slots: number): Float32Array[] =>
  RESOURCES.map((_, at) => values.subarray(at * slots, (at + 1) * slots));

function encodeRow(row: Float32Array): Buffer {
  let peak = 0;
  for (const value of row) peak = Number.isNaN(value) ? Number.NaN : Math.max(peak, value);
  const plain = isPlain(peak);
  const bytes = Buffer.alloc(4 + (plain ? 0 : 2 * row.length));
  bytes.writeFloatLE(peak);
  if (!plain)
    for (let at = 0; at < row.length; at++)
      bytes.writeUInt16LE(Math.round((row[at]! / peak) * STEPS), 4 + 2 * at);
  return bytes;
}

/**
 * @param bytes of a file that anybody may have changed
 * @param shapes of the weeks that are wanted; they stay in steps until they are looked at, which is half the memory
 * @returns null for whatever `encodeProfile` of this version did not make: the profile is to be computed anew
 */
export function decodeProfile(
  bytes: Uint8Array,
  shapes: readonly WeekShape[] = WEEK_SHAPES,
): DemandProfile | null {
  if (bytes.length < HEADER || bytes.length > MAX_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32(bytes.subarray(8))) return null;
  if (view.getUint16(8, true) !== PROFILE_VERSION || view.getUint16(10, true) !== 0) return null;
  const end = HEADER + view.getUint32(12, true);
  if (end > bytes.length) return null;
  const parsed = parseHead(bytes.subarray(HEADER, end));
  if (parsed === null) return null;
  const { hasWeeks, hasMonthEnd, ...rest } = parsed;
  const reader = new RowReader(view, end);
  const weeks: TypicalWeek[] = [];
  if (hasWeeks)
    for (const shape of WEEK_SHAPES) {
      const rows = reader.rows(MINUTES_OF_WEEK / SLOT_MINUTES[shape], shapes.includes(shape));
      if (rows === null) return null;
      if (shapes.includes(shape)) weeks.push(weekOf(shape, rows));
    }
  const day = hasMonthEnd ? reader.rows(SLOTS_OF_DAY, true) : null;
  if ((hasMonthEnd && day === null) || !reader.isAtEnd) return null;
  return {
    ...rest,
    weeks,
    get monthEnd() {
      return day === null ? null : unpacked(day);
    },
  };
}

function parseHead(bytes: Uint8Array): Head | null {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return null;
  }
  const parsed = head.safeParse(json);
  return parsed.success ? parsed.data : null;
}

class RowReader {
  readonly #view: DataView;
  #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#view.byteLength;
  }

  /** One row for each resource, without steps where they are not wanted; null where the bytes are no rows. */
  rows(slots: number, isWanted: boolean): Rows | null {
    const peaks = new Float32Array(RESOURCES.length);
    const steps = new Uint16Array(isWanted ? RESOURCES.length * slots : 0);
    for (let row = 0; row < RESOURCES.length; row++) {
      if (this.#at + 4 > this.#view.byteLength) return null;
      const peak = this.#view.getFloat32(this.#at, true);
      this.#at += 4;
      peaks[row] = peak;
      if (isPlain(peak)) continue;
      if (!(peak > 0 && Number.isFinite(peak)) || this.#at + 2 * slots > this.#view.byteLength) return null;
      const start = this.#at;
      this.#at += 2 * slots;
      if (!isWanted) continue;
      for (let slot = 0; slot < slots; slot++)
        steps[row * slots + slot] = this.#view.getUint16(start + 2 * slot, true);
    }
    return { slots, peaks, steps };
  }
}

/** As they are written down. */
interface Rows {
  slots: number;
  peaks: Float32Array;
  steps: Uint16Array;
}

/** A row whose peak says all. */
const isPlain = (peak: number): boolean => peak === 0 || Number.isNaN(peak);

/** As if its values were there. What unpacks them is no property that is listed: equal weeks are equal. */
function weekOf(shape: WeekShape, rows: Rows): TypicalWeek {
  const week = {
    shape,
    get values() {
      return unpacked(rows);
    },
  };
  const unpack = (into: Float32Array): void => unpackInto(rows, into);
  return Object.defineProperty(week, 'unpack', { value: unpack, enumerable: false });
}

function unpacked(rows: Rows): Float32Array {
  const values = new Float32Array(RESOURCES.length * rows.slots);
  unpackInto(rows, values);
  return values;
}

function unpackInto({ slots, peaks, steps }: Rows, values: Float32Array): void {
  for (let row = 0; row < RESOURCES.length; row++) {
    const peak = peaks[row]!;
    const [from, to] = [row * slots, (row + 1) * slots];
    // Zero may have come with a sign.
    if (isPlain(peak)) values.fill(peak + 0, from, to);
    else for (let at = from; at < to; at++) values[at] = fromSteps(steps[at]!, peak);
  }
}
