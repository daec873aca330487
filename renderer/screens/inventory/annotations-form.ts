/** Annotations as fields of a form, and back as what changed: what the form does not show stays as it is. */
import type { ServerSheet } from '../../../migration-core/contract/servers.ts';
import { splitList } from './rows.ts';

type Annotations = ServerSheet['annotations'];
type YesNo = '' | 'yes' | 'no';

export interface AnnotationsForm {
  criticality: string;
  environment: string;
  clustering: string;
  applications: string;
  tags: string;
  dependsOn: string;
  owner: string;
  site: string;
  zone: string;
  supportEnds: string;
  downtimeMinutes: number | null;
  measuredWatts: number | null;
  rackUnits: number | null;
  yearlyMaintenance: number | null;
  latencySensitive: YesNo;
  vendorForbidsVirtualization: YesNo;
  needsStrongIsolation: YesNo;
}

const LISTS = ['applications', 'tags', 'dependsOn'] as const;
const TEXTS = ['criticality', 'environment', 'clustering', 'owner', 'site', 'zone', 'supportEnds'] as const;
const NUMBERS = ['downtimeMinutes', 'measuredWatts', 'rackUnits', 'yearlyMaintenance'] as const;
const FLAGS = ['latencySensitive', 'vendorForbidsVirtualization', 'needsStrongIsolation'] as const;

const flag = (value: boolean | undefined): YesNo => (value === undefined ? '' : value ? 'yes' : 'no');

export function formOf(annotations: Annotations): AnnotationsForm {
  const form: Record<string, unknown> = {};
  for (const key of LISTS) form[key] = (annotations[key] ?? []).join(', ');
  for (const key of TEXTS) form[key] = annotations[key] ?? '';
  for (const key of NUMBERS) form[key] = annotations[key] ?? null;
  for (const key of FLAGS) form[key] = flag(annotations[key]);
  return form as unknown as AnnotationsForm;
}

export interface AnnotationsChange {
  set: Annotations;
  clear: (keyof Annotations)[];
}

/** What the form says otherwise than `before`; nothing is said of fields that were not touched. */
export function changeOf(before: Annotations, form: AnnotationsForm): AnnotationsChange {
  const untouched = formOf(before);
  const set: Record<string, unknown> = {};
  const clear: (keyof Annotations)[] = [];
  const put = (key: keyof AnnotationsForm & keyof Annotations, value: unknown): void => {
    if (form[key] === untouched[key]) return;
    if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) clear.push(key);
    else set[key] = value;
  };
  for (const key of LISTS) put(key, splitList(form[key]));
  for (const key of TEXTS) put(key, form[key].trim());
  for (const key of NUMBERS) put(key, form[key]);
  for (const key of FLAGS) put(key, form[key] === '' ? null : form[key] === 'yes');
  return { set, clear: clear.filter((key) => before[key] !== undefined) };
}
