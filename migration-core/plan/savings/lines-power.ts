/** Power, cooling, carbon, and the room in racks. */
import { listed, plural } from '../../base/text.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { HostTemplate } from '../../assess/model/host.ts';
import { POWER_RULES } from '../rules/savings.ts';
import { cents, money, type SavingsContext } from './context.ts';
import { hostPower, serverPower, type PowerDraw } from './power.ts';

export function powerLines(context: SavingsContext): void {
  const { out, rules, prices, currency } = context;
  const before = drawOfServers(context);
  const after = drawOfHosts(context);
  if (before === null || after === null) {
    const missing =
      before === null
        ? (ofPresentHosts(context, 'draw') ??
          'what the servers draw: measured watts, watts of their labels, their launch years or processors')
        : 'what the hosts draw: watts at rest and at full load of their model, or its launch year';
    for (const id of ['power', 'cooling', 'carbon'] as const) out.omit(id, missing);
    return;
  }
  const pue = prices.pue ?? rules.value(POWER_RULES.pue);
  if (prices.pue === undefined)
    out.assume(
      `Cooling and the supply of the room take ${cents(pue - 1)} kWh for each kWh of the machines (PUE ${pue}, ${rules.cite(POWER_RULES.pue).source}).`,
    );
  const hours = rules.value(POWER_RULES.hoursPerYear);
  const heat = rules.value(POWER_RULES.heat);
  const kilowattHours = { before: (before * hours) / 1000, after: (after * hours) / 1000 };
  const basis = `${cents(before)} W before and ${cents(after)} W after, over ${hours} hours a year.`;
  out.line({
    id: 'power',
    title: 'Electricity of the machines',
    ...kilowattHours,
    unit: 'kWh',
    perYear: true,
    basis,
  });
  const cooling = {
    before: kilowattHours.before * (pue - 1),
    after: kilowattHours.after * (pue - 1),
  };
  out.line({
    id: 'cooling',
    title: 'Electricity of cooling and supply',
    ...cooling,
    unit: 'kWh',
    perYear: true,
    basis: `PUE ${pue}; the machines give off ${Math.round(before * heat)} BTU/h before and ${Math.round(after * heat)} BTU/h after.`,
  });
  const price = prices.kilowattHour;
  for (const [id, title, use] of [
    ['power', 'Cost of electricity of the machines', kilowattHours],
    ['cooling', 'Cost of electricity of cooling and supply', cooling],
  ] as const) {
    if (price === undefined) {
      out.omit(id, 'the price of a kilowatt-hour, for its cost');
      continue;
    }
    out.line({
      id,
      title,
      before: use.before * price,
      after: use.after * price,
      unit: currency,
      perYear: true,
      basis: `${price} ${currency} for each kWh.`,
    });
    out.pay(id, 'each', use.after * price, use.before * price);
  }
  const factor = prices.co2PerKilowattHour;
  if (factor === undefined) out.omit('carbon', 'kilograms of CO2 for each kilowatt-hour');
  else
    out.line({
      id: 'carbon',
      title: 'CO2',
      before: kilowattHours.before * pue * factor,
      after: kilowattHours.after * pue * factor,
      unit: 'kg',
      perYear: true,
      basis: `${factor} kg for each kWh of machines, cooling and supply.`,
    });
}

/** Watts of all servers that go; null where none is known. */
function drawOfServers(context: SavingsContext): number | null {
  const { leaving, out, powerModel, rules, powerData } = context;
  const unknown: string[] = [];
  let sum = 0;
  for (const facts of leaving) {
    const draw = serverPower(facts, powerModel, rules, powerData);
    if (draw === null) {
      unknown.push(facts.name);
      continue;
    }
    sum += draw.watts;
    assumeAll(context, draw, facts.name);
  }
  if (unknown.length > 0 && unknown.length < leaving.length)
    out.assume(
      `What ${plural(unknown.length, 'server draws', 'servers draw')} is not known and counts as nothing, so that more is saved than is shown: ${listed(unknown)}.`,
    );
  if (ofPresentHosts(context, 'draw') !== null) return null;
  return leaving.length > 0 && unknown.length === leaving.length ? null : sum;
}

/** What is missing where all servers that move are virtual today: new hosts against nothing would be no saving. */
function ofPresentHosts({ leaving, virtual }: SavingsContext, what: string): string | null {
  if (leaving.length > 0 || virtual.length === 0) return null;
  return `what the present hosts of ${plural(virtual.length, 'server that is', 'servers that are')} virtual already ${what}`;
}

/** Watts that the hosts draw more than today; null where one is not known, for then the saving would be too large. */
function drawOfHosts(context: SavingsContext): number | null {
  const { hosts, out, powerModel, rules, powerData, input } = context;
  let sum = 0;
  for (const { name, template, use, useBefore, existing } of hosts) {
    const draw = hostPower(template, use, powerModel, rules, powerData);
    if (draw === null) return null;
    assumeAll(context, draw, name);
    if (existing) {
      out.assume('Of hosts that stand there already only what they draw more than today is counted.', name);
      sum += Math.max(0, draw.watts - hostPower(template, useBefore, powerModel, rules, powerData)!.watts);
    } else sum += draw.watts;
  }
  if (input.fanControl !== true) return sum;
  const share = rules.value(POWER_RULES.fanControl);
  out.assume(
    `What if: power supplies and fans with control save ${Math.round(share * 100)} % of what the hosts draw, the most that was reported of any product.`,
  );
  return sum * (1 - share);
}

function assumeAll({ out, powerModel }: SavingsContext, draw: PowerDraw, name: string): void {
  for (const text of draw.assumptions) out.assume(text, name);
  if (draw.basis !== 'measured' && draw.basis !== 'nameplate')
    out.assume(
      powerModel === 'linear'
        ? 'Between rest and full load, power rises in a straight line with the use of the processors.'
        : 'Between rest and full load, power rises by the curve that was measured on a large estate (Fan and others, 2007).',
    );
}

export function spaceLines(context: SavingsContext): void {
  const { leaving, bought, out, prices, currency, rules } = context;
  const missing = ofPresentHosts(context, 'take up in racks');
  if (missing !== null) {
    out.omit('space', missing);
    return;
  }
  const unknown: string[] = [];
  let before = 0;
  for (const facts of leaving) {
    const units = unitsOf(facts, context);
    if (units === null) unknown.push(facts.name);
    else before += units;
  }
  if (leaving.length > 0 && unknown.length === leaving.length) {
    out.omit('space', 'the height of the servers in rack units');
    return;
  }
  if (unknown.length > 0)
    out.assume(
      `The height of ${plural(unknown.length, 'server')} is not known and counts as nothing, so that more room is saved than is shown: ${listed(unknown)}.`,
    );
  const after = bought.reduce((sum, { template }) => sum + hostUnits(template, context), 0);
  out.line({
    id: 'space',
    title: 'Room in racks',
    before,
    after,
    unit: 'U',
    perYear: false,
    basis: `${plural(leaving.length - unknown.length, 'server')} before, ${plural(bought.length, 'new host')} after; a blade takes ${rules.value(POWER_RULES.bladeUnits)} U.`,
  });
  const price = prices.rackUnitYear;
  if (price === undefined) out.omit('space', 'the yearly price of a rack unit, for its cost');
  else {
    out.line({
      id: 'space',
      title: 'Cost of room in racks',
      before: before * price,
      after: after * price,
      unit: currency,
      perYear: true,
      basis: `${money(price, currency)} for each rack unit and year.`,
    });
    out.pay('space', 'each', after * price, before * price);
  }
  rackCheck(context);
}

/** New hosts at full load, in as few racks as they fit by height: can those be fed? */
function rackCheck({ bought, out, rules, powerModel, powerData, ...rest }: SavingsContext): void {
  const limit = rules.value(POWER_RULES.rackLimit);
  const height = rules.value(POWER_RULES.rackUnits);
  const seen = new Set<string>();
  for (const { template } of bought) {
    if (seen.has(template.id)) continue;
    seen.add(template.id);
    const peak = hostPower(template, 1, powerModel, rules, powerData);
    if (peak === null || peak.watts <= 0) continue;
    const units = hostUnits(template, { rules, out, ...rest, bought, powerModel, powerData });
    const count = bought.filter((host) => host.template.id === template.id).length;
    const byHeight = Math.min(count, Math.max(1, Math.floor(height / Math.max(units, 0.1))));
    const drawn = byHeight * peak.watts;
    if (drawn <= limit) continue;
    const byPower = Math.floor(limit / peak.watts);
    out.warnings.push(
      byPower === 0
        ? `One host of model ${template.name} draws ${Math.round(peak.watts)} W at full load, more than the ${limit} W a rack is planned for.`
        : `${plural(byHeight, 'host')} of model ${template.name} fit into a rack of ${height} U but draw ${Math.round(drawn)} W at full load, more than the ${limit} W a rack is planned for: put at most ${byPower} into one rack.`,
    );
  }
}

function unitsOf({ annotations, inventory, name }: ServerFacts, context: SavingsContext): number | null {
  if (annotations.rackUnits !== undefined) return annotations.rackUnits;
  if (!/\bblade\b/iu.test((inventory?.chassis ?? '').slice(0, 200))) return null;
  const units = context.rules.value(POWER_RULES.bladeUnits);
  context.out.assume(`A server whose chassis calls itself a blade takes ${units} U of its enclosure.`, name);
  return units;
}

const hostUnits = (template: HostTemplate, { rules }: SavingsContext): number =>
  template.formFactor === 'blade' ? rules.value(POWER_RULES.bladeUnits) : template.rackUnits;
