/**
 * The catalogue of vendors' and hypervisors' software on Windows (resources/agents/windows.json): names of services and drivers,
 * where each name is known from, and what has to prove the names that are not certain. Checked when it is first needed.
 */
import { z } from 'zod';
import catalogue from '../../../../resources/agents/windows.json' with { type: 'json' };
import { IronliftError } from '../../../base/errors.ts';
import type { WindowsFacts, WindowsService } from '../facts.ts';

const sentence = z.string().regex(/^[A-Z].*\.$/u);
const sourceId = z.string().regex(/^[a-z0-9-]+$/u);
/** Names under this source come from documents alone. */
const NOT_SEEN = 'not-seen';

const knownService = z
  .strictObject({
    /** As in the registry, compared without regard to case; `*` at the end stands for what products number. */
    name: z.string().regex(/^[^*\\/]{2,}\*?$/u),
    source: sourceId,
    /** A regular expression that its ImagePath or its display name has to fit before anything is done to it. */
    proof: z.string().min(3).optional(),
  })
  .refine(
    ({ name, source, proof }) => proof !== undefined || (!name.endsWith('*') && source !== NOT_SEEN),
    'a name that is not certain needs a proof',
  );

const entry = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/u),
    vendor: z.string().min(1),
    name: z.string().min(1),
    /** `hardware`: of no server's vendor, but bound to physical hardware. */
    kind: z.enum(['vendor', 'hypervisor', 'hardware']),
    /** Why it is switched off; `It ...` or `They ...`. */
    why: sentence,
    /** Programs. */
    services: z.array(knownService).default([]),
    /**
     * Drivers that do harm or nothing without the hardware. Those that only wait for a device of theirs (disk controllers,
     * network and display cards) are not listed, nor are filters of single devices, which go with the device.
     */
    drivers: z.array(knownService).default([]),
    /** Beginnings of names in the list of programs. */
    software: z.array(z.string().min(6)).default([]),
    /** Targets on which it is wanted (Target.id). */
    keepOn: z.array(z.string()).default([]),
    /** It is left alone where this holds. */
    unless: z.enum(['multipath-in-use', 'part-of-windows']).optional(),
  })
  .refine(({ services, drivers }) => services.length + drivers.length > 0, 'an entry names no service');

const encryption = z.strictObject({
  name: z.string().min(1),
  services: z.array(z.string().min(2)).min(1),
  source: sourceId,
});

/** The form of the file, for its test. */
export const catalogueSchema = z
  .strictObject({
    /** Where names are known from, in words. */
    sources: z.record(sourceId, z.string().regex(/^\S.*\.$/u)),
    entries: z.array(entry).min(1),
    /** Products that encrypt whole disks, by the filters they install: they are told of, never switched off. */
    encryption: z.array(encryption).min(1),
  })
  .refine(
    ({ entries }) => new Set(entries.map(({ id }) => id)).size === entries.length,
    'an id is given twice',
  )
  .refine(
    ({ sources, entries, encryption: products }) =>
      [...entries.flatMap(knownServices), ...products].every(({ source }) => source in sources),
    'a source is not explained',
  );

export type WindowsAgent = z.output<typeof entry>;
export type KnownService = z.output<typeof knownService>;
export type WindowsCatalogue = z.output<typeof catalogueSchema>;

let kept: WindowsCatalogue | undefined;

/** @throws CATALOGUE_DAMAGED. */
export function windowsCatalogue(): WindowsCatalogue {
  if (kept !== undefined) return kept;
  const parsed = catalogueSchema.safeParse(catalogue);
  if (!parsed.success)
    throw new IronliftError(
      'CATALOGUE_DAMAGED',
      `The catalogue of server software cannot be used: ${z.prettifyError(parsed.error)}.`,
      { next: 'Install Ironlift again; the file came with it.', cause: parsed.error },
    );
  return (kept = parsed.data);
}

/** Programs first. */
export const knownServices = ({
  services,
  drivers,
}: Pick<WindowsAgent, 'services' | 'drivers'>): KnownService[] => [...services, ...drivers];

/** Whether this is the service the catalogue means. `told`: its ImagePath and display name, as far as they are known. */
export function isKnownService(known: KnownService, name: string, told: readonly string[]): boolean {
  const wanted = known.name.toLowerCase();
  const found = name.toLowerCase();
  const sameName = wanted.endsWith('*') ? found.startsWith(wanted.slice(0, -1)) : found === wanted;
  if (!sameName) return false;
  // Long texts are cut: proofs stand at the beginning of names and in short paths.
  return known.proof === undefined || new RegExp(known.proof, 'iu').test(told.join('\n').slice(0, 2048));
}

export interface FoundAgent {
  entry: WindowsAgent;
  /** In the order of the catalogue. */
  services: WindowsService[];
}

/** Every entry of the catalogue that has a service or driver on this server, unless its condition spares it. */
export function findKnownSoftware(windows: WindowsFacts): FoundAgent[] {
  const find = lookup(windows.services);
  return windowsCatalogue()
    .entries.filter((one) => !isSpared(one, windows))
    .map((one) => ({ entry: one, services: [...new Set(knownServices(one).flatMap(find))] }))
    .filter(({ services }) => services.length > 0);
}

/** Looks names up in a list that may be long (whole names by a map). */
function lookup(services: readonly WindowsService[]): (known: KnownService) => WindowsService[] {
  const byName = new Map<string, WindowsService[]>();
  for (const service of services) {
    const name = service.name.toLowerCase();
    byName.set(name, [...(byName.get(name) ?? []), service]);
  }
  return (known) => {
    const named = known.name.endsWith('*') ? services : (byName.get(known.name.toLowerCase()) ?? []);
    return named.filter(({ name, image, displayName }) => isKnownService(known, name, [image, displayName]));
  };
}

function isSpared({ unless }: WindowsAgent, windows: WindowsFacts): boolean {
  if (unless === 'multipath-in-use') return isMultipathInUse(windows);
  if (unless === 'part-of-windows') return hasIntegrationServices(windows.ntVersion);
  return false;
}

/** Disks that MPIO made of several paths: their devices lie below Enum\MPIO. */
export const isMultipathInUse = ({ storage }: Pick<WindowsFacts, 'storage'>): boolean =>
  storage.some(({ instance }) => /^mpio\\/iu.test(instance));

/** From Windows 7 and Server 2008 R2 on, what serves a Hyper-V host is a part of Windows and sleeps elsewhere. */
const hasIntegrationServices = (ntVersion: string): boolean => isAtLeast(ntVersion, 6, 1);

/** Whether `6.1` is at least 6.1; false for a version that is not one. */
export function isAtLeast(ntVersion: string, major: number, minor: number): boolean {
  const [, first, second] = /^(\d{1,3})\.(\d{1,3})$/u.exec(ntVersion) ?? [];
  if (first === undefined || second === undefined) return false;
  return Number(first) > major || (Number(first) === major && Number(second) >= minor);
}
