/** Maintenance, support, refresh, hosts, licences, platform, the migration itself: what only prices can tell. */
import { plural } from '../../base/text.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import type { Licensing, SavingsLine } from '../model/waves.ts';
import { daysFromIso } from '../waves/dates.ts';
import { money, type SavingsContext } from './context.ts';
import { licenceGroups, licenseWindows, windowsBreakEven, worstDay } from './licences.ts';

const DAYS_PER_YEAR = 365.25;

export function maintenanceLines(context: SavingsContext): void {
  const { leaving, bought, prices, currency, out } = context;
  const own = leaving.filter(({ annotations }) => annotations.yearlyMaintenance !== undefined);
  const others = leaving.length - own.length;
  const { serverMaintenanceYear, hostMaintenanceYear } = prices;
  if (others > 0 && serverMaintenanceYear === undefined && own.length === 0)
    out.omit('maintenance', 'the yearly price of hardware maintenance of a server');
  else if (bought.length > 0 && hostMaintenanceYear === undefined)
    out.omit('maintenance', 'the yearly price of hardware maintenance of a host');
  else {
    if (others > 0 && serverMaintenanceYear === undefined)
      out.assume(
        `Hardware maintenance of ${plural(others, 'server')} is not known and counts as nothing before the move.`,
      );
    let before = others * (serverMaintenanceYear ?? 0);
    for (const { annotations } of own) before += annotations.yearlyMaintenance!;
    yearly(context, {
      id: 'maintenance',
      title: 'Hardware maintenance',
      before,
      after: bought.length * (hostMaintenanceYear ?? 0),
      basis: `${plural(own.length, 'server')} with a contract of known price, ${others} at ${serverMaintenanceYear === undefined ? 'an unknown price' : money(serverMaintenanceYear, currency)}; ${plural(bought.length, 'new host')} at ${money(hostMaintenanceYear ?? 0, currency)} a year.`,
    });
  }
  const { serverSupportYear, hostSupportYear } = prices;
  if (serverSupportYear === undefined) out.omit('support', 'the yearly price of support of a server');
  else if (bought.length > 0 && hostSupportYear === undefined)
    out.omit('support', 'the yearly price of support of a host');
  else
    yearly(context, {
      id: 'support',
      title: 'Support contracts',
      before: leaving.length * serverSupportYear,
      after: bought.length * (hostSupportYear ?? 0),
      basis: `${plural(leaving.length, 'server')} at ${money(serverSupportYear, currency)}, ${plural(bought.length, 'new host')} at ${money(hostSupportYear ?? 0, currency)} a year.`,
    });
}

/** Servers that would have to be replaced within the years, for their support ends. */
export function refreshLines(context: SavingsContext): void {
  const { leaving, prices, currency, out, input, years } = context;
  const price = prices.serverRefresh;
  if (price === undefined) {
    out.omit('refresh', 'the price of a new server, which would replace an old one');
    return;
  }
  const dated = leaving
    .map(({ annotations }) => yearsUntil(annotations.supportEnds, input.today))
    .filter((until) => until !== null);
  if (dated.length === 0 && leaving.length > 0) {
    out.omit('refresh', 'the dates on which support of the servers ends');
    return;
  }
  if (dated.length < leaving.length)
    out.assume(
      `A server without a date on which its support ends need not be replaced within the years that are reckoned (${leaving.length - dated.length} of them).`,
    );
  const due = dated.filter((until) => until < years);
  out.line({
    id: 'refresh',
    title: 'Replacing old servers',
    before: due.length * price,
    after: 0,
    unit: currency,
    perYear: false,
    basis: `Support of ${plural(due.length, 'server')} ends within ${years} years; a new one costs ${money(price, currency)}.`,
  });
  // What ran out already is replaced at once.
  for (const until of due) out.pay('refresh', Math.max(0, Math.floor(until)), 0, price);
}

export function hostLines(context: SavingsContext): void {
  const { bought, prices, currency, out } = context;
  if (bought.length === 0) {
    out.assume('No host has to be bought.');
    return;
  }
  let sum = 0;
  for (const { template } of bought) {
    const price = template.price ?? prices.host;
    if (price === undefined) {
      out.omit('hosts', `the price of a host of model ${template.name}`);
      return;
    }
    sum += price;
  }
  once(context, {
    id: 'hosts',
    title: 'New hosts',
    after: sum,
    basis: `${plural(bought.length, 'host')}, ${money(sum / bought.length, currency)} each on the mean; storage and network that they share are not in it.`,
  });
  out.assume('Shared storage, network and the room itself are paid apart from the price of a host.');
}

export function platformLines(context: SavingsContext): void {
  const { bought, prices, currency, out } = context;
  const price = prices.platformPerCoreYear;
  if (price === undefined) {
    out.omit(
      'platform',
      'the yearly price of the virtualization platform for each core; enter 0 where it is free',
    );
    return;
  }
  const cores = bought.reduce((sum, { template }) => sum + template.cores, 0);
  yearly(context, {
    id: 'platform',
    title: 'Virtualization platform',
    before: 0,
    after: cores * price,
    basis: `${plural(cores, 'core')} of new hosts at ${money(price, currency)} a year.`,
  });
}

export function migrationLines(context: SavingsContext): void {
  const { moving, prices, currency, out } = context;
  const price = prices.migrationPerServer;
  if (price === undefined) {
    out.omit('migration', 'the price of migrating a server');
    return;
  }
  once(context, {
    id: 'migration',
    title: 'The migration itself',
    after: moving.length * price,
    basis: `${plural(moving.length, 'server')} at ${money(price, currency)}.`,
  });
}

export function licenceLines(context: SavingsContext): Licensing {
  const { prices, currency, rules, out, input } = context;
  const hosts = context.hosts.filter(({ shared }) => !shared);
  const { windowsStandardPerCore: standard, windowsDatacenterPerCore: datacenter } = prices;
  const own = hosts.map(({ servers }) => servers.filter(isWindows).length);
  const failures = input.plan.failover.failures;
  const machines = worstDay(own, failures);
  const windows = licenseWindows(
    hosts.map(({ name, template }, at) => ({
      name,
      sockets: template.sockets,
      cores: template.cores,
      machines: machines[at]!,
    })),
    standard,
    datacenter,
    rules,
  );
  const breakEven = windowsBreakEven(standard, datacenter, rules);
  const groups = licenceGroups(
    hosts.map(({ template, servers }) => ({
      cores: template.cores,
      groups: servers
        .map(({ annotations }) => annotations.licence?.group)
        .filter((group) => group !== undefined),
    })),
    // What nothing keeps on its hosts is started on any other after a failure.
    (group) => Object.hasOwn(input.scenario.licenceHosts, group),
  );
  for (const { group, hosts: on, cores, coresOfAll, saved } of groups)
    out.notes.push(
      Object.hasOwn(input.scenario.licenceHosts, group)
        ? `Kept on ${plural(on, 'host')}, the licence group ${group} takes licences for ${plural(cores, 'core')}, ${saved} fewer than on all hosts.`
        : `The licence group ${group} is on ${plural(on, 'host')} with ${plural(cores, 'core')}, but nothing keeps it there: all ${coresOfAll} cores are licensed for it, unless the scenario limits its hosts.`,
    );
  const licensing = { windows, breakEven, groups };
  if (own.every((count) => count === 0)) return licensing;
  if (failures > 0)
    out.assume(
      `Every host is licensed for its own Windows machines and for all of ${failures === 1 ? 'the fullest other host' : `the ${failures} fullest other hosts`}, which may fail.`,
    );
  if (standard === undefined || datacenter === undefined) {
    const names = [
      ...(standard === undefined ? ['Standard'] : []),
      ...(datacenter === undefined ? ['Datacenter'] : []),
    ];
    out.omit('licences', `the price of Windows Server ${names.join(' and ')} for each core`);
    return licensing;
  }
  out.assume(
    'Windows Server licences that are owned already are not counted: whether they may go to the hosts is a question to their contract.',
  );
  let cost = 0;
  for (const { cost: of } of windows) cost += of!;
  once(context, {
    id: 'licences',
    title: 'Windows Server licences of the hosts',
    after: cost,
    basis: `Standard at ${money(standard, currency)} and Datacenter at ${money(datacenter, currency)} for each core, the cheaper of the two for each host${breakEven === null ? '' : `; Datacenter is from ${plural(breakEven, 'Windows machine')} of a host on`}.`,
  });
  return licensing;
}

const isWindows = ({ inventory }: ServerFacts): boolean => inventory?.operatingSystem?.family === 'windows';

type Amount = Pick<SavingsLine, 'id' | 'title' | 'after' | 'basis'>;

function yearly({ out, currency }: SavingsContext, line: Amount & { before: number }): void {
  out.line({ ...line, unit: currency, perYear: true });
  out.pay(line.id, 'each', line.after, line.before);
}

function once({ out, currency }: SavingsContext, line: Amount): void {
  out.line({ ...line, before: 0, unit: currency, perYear: false });
  out.pay(line.id, 0, line.after, 0);
}

/** Years from today, negative for the past; null without a date that there is. */
function yearsUntil(date: string | undefined, today: string): number | null {
  const [end, now] = [date === undefined ? null : daysFromIso(date), daysFromIso(today)];
  return end === null || now === null ? null : (end - now) / DAYS_PER_YEAR;
}
