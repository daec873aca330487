/**
 * An estate of servers that was never there: a month of samples of five resources each five minutes, of servers with a
 * role, working days, a backup at night, a month end, growth, gaps and clocks that are wrong. Each server is made from its
 * own seed and never kept, so that ten thousand need no memory.
 */
import { seeded } from '../support/tools.ts';

export const RESOURCES = ['cpu', 'memory', 'disk operations', 'disk bytes', 'network bytes'];
export const SAMPLES_PER_DAY = 288;
export const DAYS = 30;
/** In the middle of its third week instead of at its end: for plans that saw one. */
export const EARLY_MONTH_END = [16, 17];
export const SAMPLES = DAYS * SAMPLES_PER_DAY;
/** Where nothing was collected. */
export const MISSING = 0xffff;
const LARGEST = MISSING - 1;

/** What a host has of each, in the units of the samples (thousandths of a core, 16 MB, operations/s, 0.1 MB/s twice). */
export const HOST = [48_000, 48_000, 60_000, 24_000, 20_000];
/** Shares of it that a plan may use, and a failover. */
export const CEILINGS = [0.8, 0.9, 0.7, 0.7, 0.7];
export const FAILOVER = [0.9, 0.95, 0.8, 0.8, 0.8];

/** Work by hour of the day from 0 to 24, in hundredths of the peak; joined by straight lines. */
const CURVES = {
  office: [4, 4, 4, 4, 4, 5, 10, 35, 75, 95, 100, 95, 75, 80, 95, 90, 80, 55, 30, 18, 12, 8, 6, 5, 4],
  login: [5, 5, 5, 5, 5, 8, 30, 100, 90, 45, 30, 28, 30, 40, 28, 25, 22, 18, 10, 8, 6, 5, 5, 5, 5],
  public: [
    30, 22, 16, 12, 12, 15, 25, 38, 48, 55, 60, 65, 68, 66, 62, 62, 66, 74, 86, 97, 100, 88, 65, 45, 30,
  ],
  night: [75, 90, 100, 95, 85, 60, 25, 8, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 8, 15, 35, 55, 68, 75],
  flat: Array.from({ length: 25 }, () => 100),
};

interface Role {
  /** Of a hundred servers. */
  share: number;
  curve: keyof typeof CURVES;
  /** Of the work on Saturday and Sunday. */
  weekend: number;
  /** Peaks by resource, each drawn from half to one and a half times of this. */
  peak: readonly number[];
  /** Of the work on the last two days of the month. */
  monthEnd: number;
}

const ROLES: readonly Role[] = [
  { share: 18, curve: 'office', weekend: 0.15, peak: [2200, 700, 400, 60, 150], monthEnd: 1.1 },
  { share: 12, curve: 'public', weekend: 0.9, peak: [2600, 500, 250, 50, 350], monthEnd: 1 },
  { share: 16, curve: 'office', weekend: 0.2, peak: [3000, 1600, 2500, 250, 120], monthEnd: 1.6 },
  { share: 10, curve: 'night', weekend: 0.5, peak: [4200, 900, 1800, 350, 100], monthEnd: 1.7 },
  { share: 6, curve: 'login', weekend: 0.1, peak: [1200, 350, 200, 25, 60], monthEnd: 1 },
  { share: 12, curve: 'office', weekend: 0.1, peak: [700, 400, 900, 300, 300], monthEnd: 1.05 },
  { share: 16, curve: 'flat', weekend: 1, peak: [350, 300, 100, 10, 15], monthEnd: 1 },
  { share: 10, curve: 'office', weekend: 0, peak: [1800, 500, 500, 80, 60], monthEnd: 1 },
];

export interface Server {
  /** By resource, one sample after the other: what it really did, to the minute. */
  truth: Uint16Array[];
  /** What a collector wrote down: late or early by its clock, and with gaps. */
  recorded: Uint16Array[];
  vcpus: number;
  diskGigabytes: number;
}

/** Server `index` of the estate `seed`: always the same. @param more days that are the end of a month too */
export function makeServer(seed: number, index: number, more: readonly number[] = []): Server {
  const random = seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  let pick = random() * 100;
  const role = ROLES.find(({ share }) => (pick -= share) < 0) ?? ROLES[0]!;
  const size = 0.3 + random() * random() * 2.5;
  const peaks = role.peak.map((peak) => peak * size * (0.5 + random()));
  // People of one site come at the same hour, give or take half of one.
  const shift = Math.floor((random() - 0.5) * 12);
  const growth = random() < 0.3 ? random() * 0.06 : random() * 0.01;
  const backup = {
    start: Math.floor((20 + random() * 9) * 12),
    length: 4 + Math.floor(random() * 24),
    rate: 200 + random() * 700,
    full: Math.floor(random() * 7),
  };
  const truth = RESOURCES.map(() => new Uint16Array(SAMPLES));
  const curve = CURVES[role.curve];
  let burst = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const day = Math.floor(sample / SAMPLES_PER_DAY);
    const minute = (sample + shift + SAMPLES) % SAMPLES_PER_DAY;
    const hour = Math.floor(minute / 12);
    const between = (minute % 12) / 12;
    let work = (curve[hour]! * (1 - between) + curve[hour + 1]! * between) / 100;
    if (day % 7 >= 5) work *= role.weekend;
    if (day >= DAYS - 2 || more.includes(day)) work *= role.monthEnd;
    work *= 1 + (growth * day) / DAYS;
    if (burst > 0) burst--;
    else if (random() < 0.004) burst = 1 + Math.floor(random() * 4);
    const noise = 0.75 + random() * 0.5 + (burst > 0 ? 0.5 : 0);
    const inBackup =
      (sample - backup.start + SAMPLES) % SAMPLES_PER_DAY < backup.length * (day % 7 === backup.full ? 3 : 1);
    for (let r = 0; r < RESOURCES.length; r++) {
      // Memory follows work a little, the rest follows it; a server that does nothing does a little.
      let value = r === 1 ? peaks[r]! * (0.85 + 0.15 * work) : peaks[r]! * (0.04 + 0.96 * work) * noise;
      if (inBackup) value += r === 0 ? peaks[0]! * 0.15 : r === 2 ? backup.rate / 2 : r > 2 ? backup.rate : 0;
      truth[r]![sample] = Math.min(LARGEST, Math.round(value));
    }
  }
  return {
    truth,
    recorded: record(truth, random),
    vcpus: Math.max(1, Math.ceil(peaks[0]! / 700)),
    diskGigabytes: Math.ceil(40 + size * random() * 600),
  };
}

/** One server in ten has a clock that is up to a quarter of an hour wrong; one in five misses some hours. */
function record(truth: readonly Uint16Array[], random: () => number): Uint16Array[] {
  const late = random() < 0.1 ? Math.floor(random() * 7) - 3 : 0;
  const gaps = random() < 0.2 ? 1 + Math.floor(random() * 3) : 0;
  const recorded = truth.map((values) => {
    const own = new Uint16Array(SAMPLES);
    for (let sample = 0; sample < SAMPLES; sample++)
      own[sample] = values[(sample + late + SAMPLES) % SAMPLES]!;
    return own;
  });
  for (let gap = 0; gap < gaps; gap++) {
    const start = Math.floor(random() * SAMPLES);
    const end = start + Math.floor(random() * 100);
    for (const values of recorded) values.fill(MISSING, start, end);
  }
  return recorded;
}

/** Slots of a week of ten minutes. */
export const SLOTS = 1008;

export interface Profile {
  /** Largest of each ten minutes of the week, over all weeks looked at: resource after resource. */
  week: Uint16Array;
  peak: Uint32Array;
  p95: Uint32Array;
}

/** Of the samples before `end`. A slot of which nothing is known has the peak of the server. */
export function profileOf(recorded: readonly Uint16Array[], end: number): Profile {
  const count = recorded.length;
  const profile = {
    week: new Uint16Array(count * SLOTS),
    peak: new Uint32Array(count),
    p95: new Uint32Array(count),
  };
  for (const [r, values] of recorded.entries()) {
    const known = values
      .subarray(0, end)
      .filter((value) => value !== MISSING)
      .sort();
    profile.peak[r] = known.at(-1) ?? 0;
    profile.p95[r] = known[Math.ceil(known.length * 0.95) - 1] ?? 0;
    const seen = new Uint8Array(SLOTS);
    for (let sample = 0; sample < end; sample++) {
      const value = values[sample]!;
      if (value === MISSING) continue;
      const slot = (sample >> 1) % SLOTS;
      seen[slot] = 1;
      if (value > profile.week[r * SLOTS + slot]!) profile.week[r * SLOTS + slot] = value;
    }
    for (let slot = 0; slot < SLOTS; slot++)
      if (seen[slot] === 0) profile.week[r * SLOTS + slot] = profile.peak[r];
  }
  return profile;
}
