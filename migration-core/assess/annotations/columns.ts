/** The columns of the table that a customer fills in, one line each. */
import { isDeepStrictEqual } from 'node:util';
import { inert, verbatim } from '../../base/csv-table.ts';
import { CRITICALITIES, ENVIRONMENTS, type ServerAnnotations } from '../../store/model/annotations.ts';
import { GATES } from '../gates/table.ts';
import { VERDICTS } from '../model/assessment.ts';
import * as kinds from './kinds.ts';
import type { Kind } from './kinds.ts';

const GATE_IDS = GATES.map(({ id }) => id);

export interface Column {
  /** As in the first row of the table. */
  name: string;
  kind: Kind;
  /** Where it is in the annotations. */
  path: readonly [keyof ServerAnnotations, string?];
}

const column = (name: string, kind: Kind, ...path: [keyof ServerAnnotations, string?]): Column => ({
  name,
  kind,
  path,
});

export const COLUMNS: readonly Column[] = [
  column('criticality', kinds.oneOf(CRITICALITIES), 'criticality'),
  column('environment', kinds.oneOf(ENVIRONMENTS), 'environment'),
  column('owner', kinds.text, 'owner'),
  column('applications', kinds.texts, 'applications'),
  column('site', kinds.text, 'site'),
  column('zone', kinds.text, 'zone'),
  column('tags', kinds.texts, 'tags'),
  column('depends_on', kinds.texts, 'dependsOn'),
  column('downtime_minutes', kinds.span, 'downtimeMinutes'),
  column('backup_windows', kinds.backupWindows, 'backup', 'windows'),
  column('backup_method', kinds.oneOf(['agent', 'host', 'proxy', 'none']), 'backup', 'method'),
  column('tolerates_freeze', kinds.yesNo, 'backup', 'toleratesFreeze'),
  column('no_change_dates', kinds.freezes, 'freezes'),
  column('clustering', kinds.oneOf(['native', 'os-cluster', 'none']), 'clustering'),
  column('latency_sensitive', kinds.yesNo, 'latencySensitive'),
  column('time_critical', kinds.yesNo, 'timeCritical'),
  column('needs_strong_isolation', kinds.yesNo, 'needsStrongIsolation'),
  column('vendor_forbids_virtualization', kinds.yesNo, 'vendorForbidsVirtualization'),
  column('licence_group', kinds.text, 'licence', 'group'),
  column('licence_bound_to_hardware', kinds.yesNo, 'licence', 'boundToHardware'),
  column('licence_vendor_consents', kinds.yesNo, 'licence', 'vendorConsents'),
  column('encryption_key_known', kinds.yesNo, 'encryptionKeyKnown'),
  column('luns', kinds.texts, 'luns'),
  column('pass_through', kinds.texts, 'passThrough'),
  column('usb_over_ip', kinds.yesNo, 'usbOverIp'),
  column('cpu_score', kinds.number(' of points of SPECrate2017_int_base', { above: 0 }), 'cpuScore'),
  column('launch_year', kinds.number('', { min: 1990, max: 2100, whole: true }), 'launchYear'),
  column('sized_by', kinds.cards, 'sizedBy'),
  column('measured_watts', kinds.number(' of watts'), 'measuredWatts'),
  column('nameplate_watts', kinds.number(' of watts'), 'nameplateWatts'),
  column('rack_units', kinds.number(' of rack units'), 'rackUnits'),
  column('support_ends', kinds.date, 'supportEnds'),
  column('yearly_maintenance', kinds.number(' in the currency of the engagement'), 'yearlyMaintenance'),
  column('availability_benefit', kinds.text, 'availabilityBenefit'),
  column('override_verdict', kinds.oneOf(VERDICTS), 'override', 'verdict'),
  column('override_reason', kinds.text, 'override', 'reason'),
  column('override_by', kinds.text, 'override', 'by'),
  column('sizing_vcpus', kinds.number(' of processors', { min: 1, whole: true }), 'sizing', 'vcpus'),
  column('sizing_memory', kinds.byteCount, 'sizing', 'memoryBytes'),
  column('sizing_reason', kinds.text, 'sizing', 'reason'),
  column('conditions_met', kinds.ids('a condition', GATE_IDS), 'conditionsMet'),
  column('wave', kinds.wave, 'wave'),
  column('wave_note', kinds.text, 'waveNote'),
];

/** What stands in a cell that takes back what was said. A text that is only a dash is written `'-`. */
export const CLEAR = '-';
/** Before what cannot be written plainly: a name with a semicolon, a blank at its end. */
const EXACT = 'json:';

export function valueAt(annotations: ServerAnnotations, [key, part]: Column['path']): unknown {
  const value: unknown = annotations[key];
  const inner = part === undefined ? value : (value as Record<string, unknown> | undefined)?.[part];
  // No window is what the model puts where none was told.
  return part === 'windows' && Array.isArray(inner) && inner.length === 0 ? undefined : inner;
}

/** Sets it, or takes it away where `value` is undefined; a group of which nothing is left goes too. */
export function withValue(
  annotations: ServerAnnotations,
  [key, part]: Column['path'],
  value: unknown,
): ServerAnnotations {
  const whole = { ...annotations } as Record<string, unknown>;
  let next = value;
  if (part !== undefined) {
    const group = { ...(whole[key] as Record<string, unknown> | undefined) };
    if (value === undefined) Reflect.deleteProperty(group, part);
    else group[part] = value;
    const left = Object.entries(group).filter(
      ([name, one]) => !(name === 'windows' && Array.isArray(one) && one.length === 0),
    );
    next = left.length === 0 ? undefined : group;
  }
  if (next === undefined) Reflect.deleteProperty(whole, key);
  else whole[key] = next;
  return whole;
}

/** The cell for a value: plain where that is read as exactly this value, else as JSON. '' for undefined. */
export function cellOf({ kind }: Pick<Column, 'kind'>, value: unknown): string {
  if (value === undefined) return '';
  const plain = inert(kind.write(value));
  const again = readCell({ kind }, plain);
  return again.kind === 'value' && isDeepStrictEqual(again.value, value)
    ? plain
    : `${EXACT}${JSON.stringify(value)}`;
}

export type CellReading = { kind: 'blank' | 'clear' | 'wrong' } | { kind: 'value'; value: unknown };

export function readCell({ kind }: Pick<Column, 'kind'>, cell: string): CellReading {
  const trimmed = cell.trim();
  if (trimmed === '') return { kind: 'blank' };
  if (trimmed === CLEAR) return { kind: 'clear' };
  if (trimmed.startsWith(EXACT)) {
    try {
      return { kind: 'value', value: JSON.parse(trimmed.slice(EXACT.length)) as unknown };
    } catch {
      return { kind: 'wrong' };
    }
  }
  const text = verbatim(trimmed).trim();
  const value = text === '' ? undefined : kind.read(text);
  return value === undefined ? { kind: 'wrong' } : { kind: 'value', value };
}
