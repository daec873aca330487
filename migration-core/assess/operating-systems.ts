/** Which release of which system it is, how long its vendor supports it, and which drivers it has (resources/operating-systems.json). */
import { z } from 'zod';
import type { OperatingSystem } from '../store/model/inventory.ts';
import { readCatalogue } from './resources.ts';

const day = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/u)
  .refine((text) => !Number.isNaN(Date.parse(`${text}T00:00:00Z`)), 'no day of the calendar');
const drivers = z.enum(['built-in', 'inject', 'none']);
const words = z.array(z.string().min(2));

const release = z.strictObject({
  version: z.string(),
  released: day,
  /** Where support comes in two phases. */
  mainstreamEnds: day.optional(),
  /** Of support that everybody has who has any. */
  ends: day,
  /** Phrases in the system's name, where these tell the release. */
  names: words.optional(),
  builds: words.optional(),
  drivers: z.strictObject({ virtio: drivers, vmware: drivers, hyperv: drivers }),
});

const catalogue = z.strictObject({
  drivers: z.string(),
  notGuests: z.array(z.strictObject({ ids: words, names: words, why: z.string() })),
  systems: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      family: z.enum(['linux', 'windows']),
      ids: z.array(z.string().min(2)),
      names: words,
      /** What tells the release: the version, or the name. */
      by: z.enum(['version', 'name']),
      source: z.string(),
      releases: z.array(release).min(1),
    }),
  ),
});
type System = z.infer<typeof catalogue>['systems'][number];
type Release = z.infer<typeof release>;

export interface KnownRelease {
  /** `windows server 2019`, `rhel 7`: the same for all servers of this release. */
  id: string;
  /** `rhel`, `windows` ... */
  system: string;
  /** For people: `Red Hat Enterprise Linux 7`. */
  title: string;
  /** Milliseconds since 1970, all of them the beginning of the day, UTC. */
  released: number;
  mainstreamEnds: number | null;
  ends: number;
  endsOn: string;
  drivers: Release['drivers'];
  /** Where the dates come from. */
  source: string;
}

let read: z.infer<typeof catalogue> | undefined;
const table = (): z.infer<typeof catalogue> =>
  (read ??= readCatalogue('operating-systems.json', 'The list of operating systems', catalogue));

/** Longer names of systems than this are looked at no further. */
const MAX_NAME = 500;
const lower = (text: string | undefined): string =>
  (text ?? '')
    .slice(0, MAX_NAME)
    .toLowerCase()
    .replace(/[®™]|\((?:r|tm)\)/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
const milliseconds = (date: string): number => Date.parse(`${date}T00:00:00Z`);

/** @returns null where the release is not in the list: then nothing is known of its support. @throws CATALOGUE_DAMAGED */
export function releaseOf(os: OperatingSystem | undefined): KnownRelease | null {
  if (os === undefined) return null;
  const name = lower(os.name);
  const system = systemOf(lower(os.id), name, os.family);
  if (system === undefined) return null;
  const found = system.by === 'name' ? byName(system, name, os) : byVersion(system, name, os);
  return found === undefined ? null : known(system, found);
}

function systemOf(id: string, name: string, family: OperatingSystem['family']): System | undefined {
  const { systems } = table();
  const named = systems.find((one) => one.names.some((phrase) => name.includes(phrase)));
  // CentOS Stream calls itself `centos`: its name tells more than its id.
  if (named !== undefined && (id === '' || named.ids.length === 0 || named.ids.includes(id))) return named;
  return (
    systems.find((one) => one.ids.includes(id) && one.family === family) ?? (id === '' ? named : undefined)
  );
}

function byName(system: System, name: string, os: OperatingSystem): Release | undefined {
  const phrases = system.releases
    .flatMap((one) => (one.names ?? []).map((phrase) => ({ one, phrase })))
    // `server 2012 r2` before `server 2012`.
    .sort((a, b) => b.phrase.length - a.phrase.length);
  const named = phrases.find(({ phrase }) => name.includes(phrase))?.one;
  if (named !== undefined) return named;
  // A build is that of a server and of a desktop: only what calls itself a server is one.
  if (!name.includes('server')) return undefined;
  const build = os.build?.split('.').find((part) => part.length >= 4) ?? os.version?.split('.')[2];
  return system.releases.find((one) => build !== undefined && one.builds?.includes(build));
}

function byVersion(system: System, name: string, os: OperatingSystem): Release | undefined {
  const phrase = system.names.find((one) => name.includes(one));
  const version =
    /^\d+(?:\.\d+)*/u.exec((os.version ?? '').trim().slice(0, 40))?.[0] ??
    (phrase === undefined
      ? undefined
      : /\b\d+(?:\.\d+)*/u.exec(name.slice(name.indexOf(phrase) + phrase.length))?.[0]);
  return system.releases.find(
    (one) => version === one.version || version?.startsWith(`${one.version}.`) === true,
  );
}

function known(system: System, found: Release): KnownRelease {
  return {
    id: `${system.id} ${found.version}`.toLowerCase(),
    system: system.id,
    title: `${system.name} ${found.version}`,
    released: milliseconds(found.released),
    mainstreamEnds: found.mainstreamEnds === undefined ? null : milliseconds(found.mainstreamEnds),
    ends: milliseconds(found.ends),
    endsOn: found.ends,
    drivers: found.drivers,
    source: system.source,
  };
}

/** Why it cannot run in any virtual machine of x86, or null. */
export function notAGuest(os: OperatingSystem): string | null {
  const [id, name] = [lower(os.id), lower(os.name)];
  const found = table().notGuests.find(
    (one) =>
      one.ids.includes(id) || one.names.some((phrase) => name === phrase || name.startsWith(`${phrase} `)),
  );
  return found?.why ?? null;
}

/** A Julian year. */
const YEAR = 365.25 * 24 * 3600 * 1000;

/** SR-43: released within so many years, or still in the first phase of its support and no more than that old. */
export const isYoung = (release: KnownRelease, years: number, now: number): boolean => {
  const age = now - release.released;
  return (
    age >= 0 && (age <= years * YEAR || (release.mainstreamEnds !== null && now < release.mainstreamEnds))
  );
};

/** true and false where the architecture says so; null: not known. */
export function isThirtyTwoBit(os: OperatingSystem): boolean | null {
  const architecture = lower(os.architecture);
  if (/^(?:i[3-6]86|x86|ia32|32-?bit)$/u.test(architecture)) return true;
  if (/^(?:x86_64|amd64|x64|aarch64|arm64|64-?bit)$/u.test(architecture)) return false;
  if (/\b32[- ]?bit\b/u.test(lower(os.name))) return true;
  if (/\b64[- ]?bit\b|\bx64\b/u.test(lower(os.name))) return false;
  return null;
}
