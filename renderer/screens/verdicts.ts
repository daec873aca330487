/** How verdicts look: words first, with an icon each; and how figures of the resources are written. */
import type { Role } from '../../migration-core/chart/picture.ts';
import type { OutcomeId } from '../../migration-core/contract/study.ts';
import type { IconName } from '../components/icons.ts';
import type { Format } from '../format.ts';
import { verdicts, withConditions } from '../text/verdicts.ts';

export type Tone = 'good' | 'conditions' | 'stop' | 'info' | 'none';

interface Look {
  tone: Tone;
  icon: IconName;
  role: Role;
}

export const LOOKS: Readonly<Record<OutcomeId, Look>> = {
  'good-candidate': { tone: 'good', icon: 'good', role: 'good' },
  'candidate-with-conditions': { tone: 'conditions', icon: 'conditions', role: 'conditions' },
  'keep-physical': { tone: 'stop', icon: 'server', role: 'stop' },
  'os-virtualization': { tone: 'info', icon: 'info', role: 'info' },
  clustering: { tone: 'info', icon: 'network', role: 'series-3' },
  unknown: { tone: 'none', icon: 'unknown', role: 'muted' },
  'already-virtual': { tone: 'none', icon: 'check', role: 'series-6' },
};

/** In the order of a list: what can be moved first. */
export const OUTCOMES = Object.keys(LOOKS) as OutcomeId[];

/** "With conditions: 2" */
export const verdictText = (verdict: OutcomeId, gates: number): string =>
  verdict === 'candidate-with-conditions' ? withConditions(gates) : verdicts[verdict];

export type Resource = 'cpu' | 'memory' | 'diskOperations' | 'diskBytes' | 'networkBytes';

/** An amount of a resource of a server: percent of its processors, bytes, operations a second. */
export function amountText(resource: Resource, value: number | null, format: Format): string {
  if (value === null) return '–';
  switch (resource) {
    case 'cpu':
      return format.percent(value / 100, value < 10 ? 1 : 0);
    case 'memory':
      return format.bytes(value);
    case 'diskOperations':
      return format.number(value, value < 10 ? 1 : 0);
    case 'diskBytes':
    case 'networkBytes':
      return `${format.bytes(value)}/s`;
  }
}

/** The value of a rule as it is read: numbers as they are, records by their fields. */
export function ruleValueText(value: unknown, format: Format): string {
  if (typeof value === 'number') {
    // Whole mebibytes are an amount of bytes; nobody reads 1073741824.
    if (Number.isInteger(value) && value >= 1 << 20 && value % (1 << 20) === 0) return format.bytes(value);
    return format.number(value, 4);
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map((one) => ruleValueText(one, format)).join(', ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, one]) => `${name} ${ruleValueText(one, format)}`)
      .join(', ');
  return '–';
}

/** Minutes after midnight: "01:30". */
export function clockText(minute: number): string {
  const ofDay = ((minute % 1440) + 1440) % 1440;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(ofDay / 60))}:${two(ofDay % 60)}`;
}
