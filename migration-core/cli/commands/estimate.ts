import type { Command, OptionValues } from '../commands.ts';
import { wrap } from '../terminal.ts';
import { textOf, usage } from './collect/options.ts';

/** More than any estate has; a number with more digits is a slip of the finger. */
const MOST_SERVERS = 1_000_000;
/** Cores of one server: the largest machines have some thousands. */
const MOST_CORES = 10_000;

export const estimateCommand: Command = {
  help: `Usage: ironlift estimate --servers N --use PERCENT [options]

A first answer before anything was collected: how many hosts so many servers need
by their processors alone. Memory and storage are not asked for; collect, assess
and plan answer for them.

  --servers N          how many servers there are
  --use PERCENT        how busy the processors of one of them are on average
  --cores N            cores of one server; unless told, a server is as strong as
                       a host
  --year YYYY          when its processors came out; unless told, of the middling
                       sort that the rules take for unknown ones
  --host TEMPLATE      model of host; modern-2u unless told
  --json               print one JSON document`,
  options: {
    servers: { type: 'string' },
    use: { type: 'string' },
    cores: { type: 'string' },
    year: { type: 'string' },
    host: { type: 'string' },
  },
  async run({ values, positionals }, world) {
    if (positionals.length > 0) throw usage('estimate', 'It takes no names');
    const servers = whole(values, 'servers', 1, MOST_SERVERS);
    if (servers === undefined) throw usage('estimate', 'Say how many servers there are with --servers N');
    const use = textOf(values, 'use');
    if (use === undefined || !/^\d{1,3}(?:\.\d{1,3})?\s*%?$/u.test(use) || Number.parseFloat(use) > 100)
      throw usage('estimate', 'Say with --use how busy a server is on average, 0 to 100 per cent');
    const cores = whole(values, 'cores', 1, MOST_CORES);
    const launchYear = whole(values, 'year', 1990, 2100);
    if (launchYear !== undefined && cores === undefined)
      throw usage('estimate', '--year says how strong a core is, and needs --cores');
    const { ruleBook } = await import('../../assess/rules/pack.ts');
    const { hostScore, scoreCpu } = await import('../../assess/sizing/cpu-score.ts');
    const { quickEstimate } = await import('../../plan/quick-estimate.ts');
    const { shippedHostTemplates } = await import('../../plan/hosts/templates.ts');
    const { scenario } = await import('../../plan/model/scenario.ts');
    const usual = scenario.parse({ name: 'default' });
    const rules = ruleBook(usual.rulePack);
    const templates = shippedHostTemplates();
    const host = templates.get(textOf(values, 'host') ?? usual.template);
    if (host === undefined)
      throw usage('estimate', `The host is one of ${[...templates.keys()].sort().join(', ')}`);
    const target = hostScore(host, rules);
    const source = cores === undefined ? null : scoreCpu('A server', { cores, launchYear }, rules);
    // A server of no size told is as strong as its host: what it uses of itself is what it uses of that.
    const strength = source === null ? 1 : (source.cores * source.perCore) / (target.cores * target.perCore);
    const meanUse = Number.parseFloat(use) / 100;
    const estimate = quickEstimate(rules, servers, meanUse * strength);
    const basis =
      source === null
        ? 'Each server is taken to be as strong as a host; --cores and --year say otherwise.'
        : `${source.reason.text} ${target.reason.text}`;
    if (values['json'] === true) {
      const answer = { servers, meanUse, host: host.id, shareOfHost: meanUse * strength, ...estimate, basis };
      world.out(`${JSON.stringify(answer, null, 2)}\n`);
    } else
      for (const text of [`On hosts of model ${host.name}:`, estimate.text, basis])
        world.out(`${wrap(text, world.columns, '  ')}\n`);
    return 0;
  },
};

/** @throws USAGE */
function whole(values: OptionValues, name: string, least: number, most: number): number | undefined {
  const text = textOf(values, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/u.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most))
    throw usage('estimate', `--${name} is a whole number from ${least} to ${most}`);
  return value;
}
