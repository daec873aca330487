/** The settings of the old network cards on the new ones. See step.ts for what is done at the first start, and why there. */
import type { Finding } from '../../../base/finding.ts';
import type { FixContext, Fixer, FixPlan, GuestEdit } from '../../fixer.ts';
import type { WindowsFacts } from '../facts.ts';
import { leaveStep, stepsFolder } from '../first-boot/steps.ts';
import { matchCards, toldAdapters, type Card, type ToldAdapter } from './cards.ts';
import { networkFindings } from './findings.ts';
import { freeName, silenceGhost, type GhostChanges } from './ghosts.ts';
import { describedSettings } from './settings.ts';
import { networkStep, type StepOptions } from './step.ts';

export const networkAddresses: Fixer = {
  id: 'windows-network',
  title: 'Network settings',
  applies: ({ guest, hives }) => guest.windows !== undefined && hives !== undefined,
  plan,
};

/** Roles whose programs are bound to the addresses of the server when they start. */
const BOUND_ROLES = new Set(['domain-controller', 'dns-server', 'dhcp-server', 'cluster', 'wins-server']);
const DISABLED = 4;
const TIME = 20;
const NAME = 'network';

async function plan({ guest, files, machine, hives }: FixContext): Promise<FixPlan> {
  const windows = guest.windows!;
  const step = `${stepsFolder(windows)}/${TIME}-${NAME}.cmd`;
  if (await files.exists(step)) return { edits: [], findings: [alreadyLeft(step)] };
  const system = await hives!.hive(windows.hives.system);
  const adapters = toldAdapters(windows, system);
  const matched = matchCards(machine, adapters);
  const options = optionsFor(windows, machine.nics.length);
  const findings = networkFindings({ windows, system, adapters, options, ...matched });
  const { cards } = matched;
  if (cards.length === 0) return { edits: [], findings };

  const edits: GuestEdit[] = [];
  const names = cards.flatMap(({ from }) => (from.untold ? [] : [from.adapter.name])).join(', ');
  edits.push(
    ...(await leaveStep(windows, files, {
      time: TIME,
      name: NAME,
      lines: networkStep(cards, options),
      what: `At its first start the server gives its new network cards the settings and the names of the old ones: ${cards.map(described).join('; ')}.`,
      why: 'Windows makes a new connection for each new card, which knows nothing of the addresses of the old one.',
    })),
  );
  const silenced: GhostChanges = { changes: [], damaged: [] };
  const freed: GhostChanges = { changes: [], damaged: [] };
  for (const { adapter } of ghosts(cards, adapters))
    add(silenced, silenceGhost(system, windows.controlSets, adapter.guid, options.beforeVista));
  for (const { from, member } of cards)
    if (member !== null || from.adapter.kind === 'physical')
      add(freed, freeName(system, windows.controlSets, member ?? from.adapter));
  const path = windows.hives.system;
  if (silenced.changes.length > 0)
    edits.push({
      what: `The addresses of the old network connections (${names}) are taken off them.`,
      why: 'They stay in Windows as hidden devices, and an address that is assigned to one of them cannot be used without a warning.',
      action: { kind: 'registry', path, changes: silenced.changes },
    });
  if (freed.changes.length > 0)
    edits.push({
      what: 'The old network connections get other names.',
      why: 'A name can be used once only, and the new connections shall have the old names.',
      action: { kind: 'registry', path, changes: freed.changes },
    });
  for (const key of [...silenced.damaged, ...freed.damaged]) findings.push(damagedKey(key));
  return { edits, findings };
}

function optionsFor(windows: WindowsFacts, nics: number): StepOptions {
  const beforeVista = windows.ntVersion.startsWith('5.');
  const dhcp = windows.services.find(({ name }) => name.toLowerCase() === 'dhcp');
  return {
    beforeVista,
    validates: !beforeVista && windows.ntVersion !== '6.0',
    withoutDhcpClient: dhcp?.start === DISABLED,
    restart: windows.roles.some((role) => BOUND_ROLES.has(role)),
    onlyCard: nics === 1 && windows.adapters.every(({ kind }) => kind === 'physical'),
  };
}

/** The adapters whose settings go elsewhere, and those of earlier cards that claim one of the same addresses. */
function ghosts(cards: readonly Card[], adapters: readonly ToldAdapter[]): ToldAdapter[] {
  const carried = new Set(cards.map(({ from }) => from).filter(({ untold }) => !untold));
  const addresses = new Set(
    [...carried].flatMap(({ settings }) => settings.addresses.map(({ address }) => address)),
  );
  return adapters.filter(
    (one) =>
      carried.has(one) ||
      // What is only software stays where it is.
      (one.adapter.kind !== 'virtual' &&
        one.settings.addresses.some(({ address }) => addresses.has(address))),
  );
}

function add(to: GhostChanges, more: GhostChanges): void {
  to.changes.push(...more.changes);
  to.damaged.push(...more.damaged);
}

/** `10.1.2.3/24 on Local Area Connection`. */
function described({ from: { adapter, settings } }: Card): string {
  return `${describedSettings(settings)} on ${adapter.name}`;
}

const damagedKey = (key: string): Finding => ({
  severity: 'warning',
  code: 'NETWORK_KEY_DAMAGED',
  message: `The registry key ${key} is damaged, so what it says of an old network card stays.`,
  next: 'Look at the network connections after the first start; an address may be said to be assigned already.',
});

/** The registry says no more by then what the server was told. */
const alreadyLeft = (step: string): Finding => ({
  severity: 'warning',
  code: 'NETWORK_STEP_KEPT',
  message: `An earlier conversion of this disk left the network settings for the first start, for the network cards of the machine it made (${step}); this is kept.`,
  next: 'Give the machine the MAC addresses of that machine, or convert the original disk instead.',
});
