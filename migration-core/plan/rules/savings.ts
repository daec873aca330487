/** Numbers of the savings model: power, space, licences, money over the years. */
import { z } from 'zod';
import { numberRule, rule } from '../../assess/rules/pack.ts';

export const POWER_RULES = {
  nameplate: numberRule('power.nameplate-share', 'Draw as a share of what the label says', ''),
  fanExponent: rule(
    'power.fan-exponent',
    'Exponent of the curved power model, as a fraction',
    '',
    z.strictObject({
      numerator: z.number().int().min(1).max(20),
      denominator: z.number().int().min(1).max(20),
    }),
  ),
  pue: rule('power.pue', 'Power usage effectiveness of the room', '', z.number().min(1).max(5)),
  heat: numberRule('power.btu-per-watt', 'Heat of one watt', 'BTU/h'),
  hoursPerYear: numberRule('power.hours-per-year', 'Hours of a year', 'h'),
  rackLimit: numberRule('power.rack-limit', 'What a rack can be fed and cooled with', 'W'),
  rackUnits: numberRule('power.rack-units', 'Height of a rack', 'U'),
  bladeUnits: numberRule('power.blade-units', 'Share of a rack that a blade takes', 'U'),
  fanControl: rule(
    'power.fan-control',
    'What power supplies and fans with control save at most',
    '',
    z.number().min(0).max(1),
  ),
} as const;

export const SAVINGS_RULES = {
  years: rule(
    'savings.years',
    'Years of the cash flow where none are given',
    'years',
    z.number().int().min(1).max(20),
  ),
  sensitivity: rule('savings.sensitivity', 'Swing of prices', '', z.number().min(0).max(1)),
  patches: numberRule('savings.host-patches', 'Times a host is patched in a year', ''),
} as const;

export const LICENCE_RULES = {
  perServer: numberRule('licence.windows-cores-per-server', 'Least cores to license of a server', 'cores'),
  perProcessor: numberRule(
    'licence.windows-cores-per-processor',
    'Least cores to license of a processor',
    'cores',
  ),
  standardMachines: numberRule(
    'licence.windows-standard-machines',
    'Virtual machines that one full set of Standard licences covers',
    '',
  ),
} as const;
