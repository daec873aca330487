/** The platforms that came with the program (resources/platforms/*.json), and the table of architectures of SR-33. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { IronliftError } from '../base/errors.ts';
import { ENVIRONMENTS } from '../store/model/annotations.ts';
import { ARCHITECTURES, platformProfile, type Architecture, type PlatformProfile } from './model/platform.ts';
import { readCatalogue } from './resources.ts';

const FOLDER = 'platforms';
let shipped: Map<string, PlatformProfile> | undefined;

/** All of them by id, in the order of their names. @throws CATALOGUE_DAMAGED */
export function shippedPlatforms(): ReadonlyMap<string, PlatformProfile> {
  shipped ??= new Map(
    readdirSync(fileURLToPath(new URL(`../../resources/${FOLDER}/`, import.meta.url)))
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => {
        const profile = readCatalogue(`${FOLDER}/${name}`, `The platform ${name}`, platformProfile);
        return [profile.id, profile];
      }),
  );
  return shipped;
}

/** @throws SCENARIO_INVALID for a name that is not there, CATALOGUE_DAMAGED */
export function platformById(id: string): PlatformProfile {
  const profile = shippedPlatforms().get(id);
  if (profile === undefined)
    throw new IronliftError('SCENARIO_INVALID', `There is no platform ${id}.`, {
      next: `Choose one of ${[...shippedPlatforms().keys()].join(', ')}.`,
    });
  return profile;
}

const architecture = z.strictObject({
  id: z.enum(ARCHITECTURES),
  title: z.string(),
  /** Where it may be used. */
  environments: z.array(z.enum(ENVIRONMENTS)),
  roles: z.string(),
  blockers: z.array(z.string()),
  /** 1: processes of one system; 2: machines; 3: machines with the hardware's help. */
  isolation: z.number().int().min(1).max(3),
  /** 1: emulation; 2: near native; 3: native. */
  performance: z.number().int().min(1).max(3),
  patching: z.string(),
});
export type ArchitectureProfile = z.infer<typeof architecture>;

const table = z
  .strictObject({ source: z.string(), architectures: z.array(architecture) })
  .refine(
    ({ architectures }) => ARCHITECTURES.every((id) => architectures.some((one) => one.id === id)),
    'an architecture is missing',
  );
let architectures: Map<Architecture, ArchitectureProfile> | undefined;

/** @throws CATALOGUE_DAMAGED */
export function architectureOf(id: Architecture): ArchitectureProfile {
  architectures ??= new Map(
    readCatalogue('architectures.json', 'The table of architectures', table).architectures.map((one) => [
      one.id,
      one,
    ]),
  );
  return architectures.get(id)!;
}
