/** Annotations as fields of a form, and back as what changed: what the form does not show stays as it is. */
import type { ServerSheet } from '../../../migration-core/contract/servers.ts';
import { periodProblem, type Period } from '../../state/periods.ts';
import { splitList } from './rows.ts';
import { lengthOf, type BackupWindow } from './windows.ts';

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
  windows: BackupWindow[];
  freezes: Period[];
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
  form['windows'] = annotations.backup?.windows ?? [];
  form['freezes'] = annotations.freezes ?? [];
  return form as unknown as AnnotationsForm;
}

export interface AnnotationsChange {
  set: Annotations;
  clear: (keyof Annotations)[];
}

/** Whether what is in the lists can be kept. */
export const isSound = ({ windows, freezes }: AnnotationsForm): boolean =>
  windows.every((one) => lengthOf(one) > 0) && freezes.every((one) => periodProblem(one) === null);

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
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  if (!same(form.windows, untouched.windows)) {
    // How it is backed up, and whether it may be frozen, is not in the form.
    const backup = { ...before.backup, windows: form.windows };
    if (form.windows.length === 0 && Object.keys(backup).length === 1) clear.push('backup');
    else set['backup'] = backup;
  }
  if (!same(form.freezes, untouched.freezes)) {
    if (form.freezes.length === 0) clear.push('freezes');
    else set['freezes'] = form.freezes;
  }
  return { set, clear: clear.filter((key) => before[key] !== undefined) };
}
