/** The first answer, before anything was collected (SR-02): how many servers like these share one host by their processors. */
import { plural } from '../base/text.ts';
import type { RuleBook } from '../assess/rules/pack.ts';
import { PLACE } from './rules/place.ts';
import { QUICK } from './rules/quick.ts';

export interface QuickEstimate {
  /** Servers on one host with caution, and as planned; 0: not even one. */
  perHost: { low: number; high: number };
  /** Hosts that so many servers need at least; null: none would carry them. */
  hosts: { low: number; high: number } | null;
  text: string;
}

/** Shares are counted in millionths: 0.7 / 0.1 is seven, not 6.999. */
const millionths = (share: number): number => Math.round(share * 1_000_000);

/**
 * `floor(ceiling / average)`: requirement SR-02.
 * @param servers how many there are
 * @param average mean use of processors of one server as a share of one host, above 0
 */
export function quickEstimate(rules: RuleBook, servers: number, average: number): QuickEstimate {
  const high = rules.value(QUICK.hostCpu);
  const low = Math.min(high, rules.value(QUICK.hostCpuLow));
  if (!Number.isFinite(average) || millionths(average) <= 0)
    return {
      perHost: { low: 0, high: 0 },
      hosts: null,
      text: 'The mean use of processors is not known or is zero, so that no quick estimate can be made.',
    };
  // Small servers on a large host: a host that loses its power takes down only so many (place.machinesPerHost).
  const most = rules.value(PLACE.machinesPerHost);
  const fits = (ceiling: number): number =>
    Math.min(most, Math.floor(millionths(ceiling) / millionths(average)));
  const perHost = { low: fits(low), high: fits(high) };
  // Two digits that count: a small server on a large host uses a tenth of a percent.
  const percent = average < 0.01 ? Math.round(average * 10_000) / 100 : Math.round(average * 1000) / 10;
  if (perHost.high === 0)
    return {
      perHost,
      hosts: null,
      text: `Servers that use ${percent} % of a host on average do not fit under its ceiling of ${Math.round(high * 100)} %.`,
    };
  // The fewer fit on a host, the more hosts it takes.
  const hosts =
    perHost.low === 0
      ? null
      : { low: Math.ceil(servers / perHost.high), high: Math.ceil(servers / perHost.low) };
  return {
    perHost,
    hosts,
    text: [
      `Servers that use ${percent} % of a host on average share it by ${range(perHost)}, by processors alone${perHost.high === most ? ` and with no more than ${plural(most, 'machine')} on a host` : ''}; memory, storage and the spare host decide in the plan.`,
      hosts === null
        ? `With caution not even one fits under ${Math.round(low * 100)} %, so that ${plural(servers, 'server')} cannot be told in hosts.`
        : `${plural(servers, 'server')} need ${hosts.low === hosts.high ? plural(hosts.low, 'host') : `${range(hosts)} hosts`}, and the spare ones.`,
    ].join(' '),
  };
}

const range = ({ low, high }: { low: number; high: number }): string =>
  low === high ? `${high}` : `${low} to ${high}`;
