/** The catalogue of hardware and hypervisor software (resources/agents/linux.json): read and checked when it is needed. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { IronliftError } from '../../base/errors.ts';

const serviceName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
const sentence = z.string().regex(/^[A-Z].*\.$/);

const entrySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  vendor: z.string().min(1),
  name: z.string().min(1),
  /** `hardware`: of no vendor, but bound to physical hardware (sensors, watchdogs). */
  kind: z.enum(['vendor', 'hypervisor', 'hardware']),
  /** Why it is switched off; `It ...` or `They ...`. */
  why: sentence,
  /** Names without ending: systemd units, SysV scripts and upstart jobs alike. */
  services: z.array(serviceName),
  /** Kernel modules that are of no use, or do harm, where the software is found. */
  modules: z.array(z.string().regex(/^[A-Za-z0-9_]+$/)).default([]),
  /** Any of these paths proves that it is installed, besides its services. */
  paths: z.array(z.string().startsWith('/')).default([]),
  /** Targets on which it is wanted (Target.id). */
  keepOn: z.array(z.string()).default([]),
  /** It is left alone where this holds. */
  unless: z.enum(['multipath-in-use']).optional(),
});

const catalogueSchema = z.strictObject({ entries: z.array(entrySchema).min(1) });

export type CatalogueEntry = z.infer<typeof entrySchema>;

const CATALOGUE = new URL('../../../resources/agents/linux.json', import.meta.url);

/** @throws CATALOGUE_DAMAGED. */
export async function readCatalogue(file: URL = CATALOGUE): Promise<CatalogueEntry[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw damaged(file, 'it cannot be read', cause);
  }
  return checked(text, file);
}

let kept: CatalogueEntry[] | undefined;

/** The same for callers that cannot wait (an inventory is a pure function of what was collected); read once. */
export function catalogueEntries(): readonly CatalogueEntry[] {
  if (kept !== undefined) return kept;
  let text: string;
  try {
    text = readFileSync(CATALOGUE, 'utf8');
  } catch (cause) {
    throw damaged(CATALOGUE, 'it cannot be read', cause);
  }
  return (kept = checked(text, CATALOGUE));
}

function checked(text: string, file: URL): CatalogueEntry[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw damaged(file, 'it cannot be read', cause);
  }
  const parsed = catalogueSchema.safeParse(content);
  if (!parsed.success) throw damaged(file, z.prettifyError(parsed.error), parsed.error);
  const { entries } = parsed.data;
  if (new Set(entries.map(({ id }) => id)).size < entries.length)
    throw damaged(file, 'an id is given twice', null);
  return entries;
}

function damaged(file: URL, what: string, cause: unknown): IronliftError {
  return new IronliftError('CATALOGUE_DAMAGED', `The catalogue of server software cannot be used: ${what}.`, {
    next: 'Install Ironlift again; the file came with it.',
    data: { file: file.pathname },
    cause,
  });
}
