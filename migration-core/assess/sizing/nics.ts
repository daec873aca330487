/** Virtual network cards: one for each uplink that is used, and members of a team are one uplink (SR-119). */
import { plural } from '../../base/text.ts';
import type { Reason } from '../model/assessment.ts';
import type { ServerFacts } from '../model/facts.ts';
import type { SizedServer } from '../model/sized.ts';
import type { ServerInventory } from '../../store/model/inventory.ts';
import { nicParts } from '../../store/rollup/parts.ts';

type Interface = NonNullable<ServerInventory['networkInterfaces']>[number];

export interface NicsSized {
  nics: SizedServer['nics'];
  reasons: Reason[];
}

export function sizeNics({ inventory }: ServerFacts): NicsSized {
  const all = inventory?.networkInterfaces ?? [];
  if (all.length === 0)
    return {
      nics: [],
      reasons: [{ tone: 'note', text: 'Its network interfaces are not known.', rules: [] }],
    };
  const kinds = new Map(all.map((one) => [one.name, kindOf(one)]));
  const teams = all.filter(({ name }) => kinds.get(name) === 'bond');
  const teamed = new Set(teams.flatMap(({ members = [] }) => members));
  const uplinks = [
    ...teams,
    ...all.filter(({ name }) => kinds.get(name) === 'physical' && !teamed.has(name)),
  ];
  const nics: SizedServer['nics'] = [];
  const unused: Interface[] = [];
  for (const uplink of uplinks) {
    const on = (kind: Interface['kind']): Interface[] =>
      all.filter(({ name, members = [] }) => kinds.get(name) === kind && members.includes(uplink.name));
    const vlans = on('vlan');
    const base = { mac: macOf(uplink, all), teamOf: [...(uplink.members ?? [])] };
    const isAddressed = [uplink, ...on('bridge')].some(({ addresses }) => addresses.length > 0);
    for (const { name, vlan } of vlans) nics.push({ name, vlan: vlan ?? null, ...base });
    if (isAddressed || (vlans.length === 0 && uplink.up === true))
      nics.push({ name: uplink.name, vlan: uplink.vlan ?? null, ...base });
    else if (vlans.length === 0) unused.push(uplink);
  }
  const reasons: Reason[] = [];
  if (teams.length > 0)
    reasons.push({
      tone: 'note',
      text: `${plural(teamed.size, 'interface')} in ${plural(teams.length, 'team')} become ${plural(teams.length, 'virtual uplink')}: the host has the team then.`,
      rules: [],
    });
  if (unused.length > 0)
    reasons.push({
      tone: 'note',
      text: `${plural(unused.length, 'interface')} without a link or an address ${unused.length === 1 ? 'is' : 'are'} left out.`,
      rules: [],
    });
  return { nics, reasons };
}

/** What the inventory says, else what names say. */
function kindOf({ name, kind, members, vlan }: Interface): Interface['kind'] {
  if (kind !== undefined) return kind;
  if (members !== undefined && members.length > 0) return vlan === undefined ? 'bond' : 'vlan';
  // The rule for samples knows names of what is no card, if it is given one that is.
  return nicParts([name, 'eth0']).includes(name) ? 'physical' : 'virtual';
}

const macOf = (uplink: Interface, all: readonly Interface[]): string | null =>
  uplink.mac ?? all.find(({ name }) => uplink.members?.includes(name) === true)?.mac ?? null;
