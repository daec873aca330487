/**
 * Settings that hold only for the card of one MAC address: where the new card has another address, they are bound to
 * that one. An address that is set on an interface (`hwaddress`, MACADDR, cloned-mac-address) stays as it is.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import type { FixContext, Fixer, FixPlan, GuestReader } from '../../fixer.ts';
import { editPlan, readTextFile, type EditPlan, type TextFile } from '../edit-plan.ts';
import { interfacesFiles } from './debian-interfaces.ts';
import { ifcfgFiles, RED_HAT } from './ifcfg.ts';
import { parseIni, withValues, type IniEntry } from './ini-file.ts';
import { CARD_SECTIONS, keyfiles } from './keyfile.ts';
import { normalMac, replaceMacs, spelledLike } from './mac.ts';
import { namedNics } from './machine-nics.ts';
import { netplanBindings, netplanFiles } from './netplan.ts';
import { networkdFiles } from './networkd.ts';
import { readNetwork, type Bond } from './read.ts';
import { withVariables } from './shell-variables.ts';
import { IFTAB } from './udev-rules.ts';

export const networkAddresses: Fixer = {
  id: 'network-addresses',
  title: 'Network settings bound to a MAC address',
  applies: ({ guest }) => guest.interfaces.length > 0,
  plan,
};

/** New address by old address. */
type Renewed = ReadonlyMap<string, string>;

async function plan(context: FixContext, signal?: AbortSignal): Promise<FixPlan> {
  const fixes = editPlan(context.files);
  const nics = namedNics(context);
  const renewed = new Map<string, string>();
  for (const { oldMac, mac } of nics) if (oldMac !== null && oldMac !== mac) renewed.set(oldMac, mac);
  if (renewed.size > 0)
    for (const { paths, renew } of await boundFiles(context.files)) {
      throwIfCancelled(signal);
      for (const path of paths) await rebind(fixes, path, renewed, renew);
    }
  const network = await readNetwork(fixes.files);
  const cards = new Set(context.machine.nics.map(({ mac }) => normalMac(mac)));
  for (const { mac, name, file } of network.bindings)
    if (!cards.has(mac))
      fixes.findings.push({
        severity: 'warning',
        code: 'NETWORK_BINDING_WITHOUT_CARD',
        message: `${file} holds only for the network card ${mac}${name === null ? '' : ` (${name})`}, which the machine does not have.`,
        next: 'Give a network card of the machine this MAC address, or correct the file on the server.',
      });
  const names = new Set(nics.map(({ name }) => name));
  for (const bond of network.bonds) checkBond(fixes, bond, names);
  return fixes.finished();
}

async function rebind(
  fixes: EditPlan,
  path: string,
  renewed: Renewed,
  renew: (file: TextFile, renewed: Renewed) => string,
): Promise<void> {
  const file = await readTextFile(fixes.files, path);
  if (file === null) return;
  await fixes.rewrite(file, renew(file, renewed), {
    what: `${file.path}: the settings are bound to the MAC address of the new network card.`,
    why: 'They hold only for the card of this address, and the virtual machine has a card with another one.',
  });
}

interface BoundFiles {
  paths: string[];
  renew: (file: TextFile, renewed: Renewed) => string;
}

/** The files that may hold a binding, by the way it is written. */
async function boundFiles(files: GuestReader): Promise<BoundFiles[]> {
  const units = [...(await networkdFiles(files, '.network')), ...(await networkdFiles(files, '.link'))];
  const manager = '/etc/NetworkManager';
  const drops = (await files.list(`${manager}/conf.d`)).filter((name) => name.endsWith('.conf'));
  return [
    { paths: await ifcfgFiles(files, RED_HAT), renew: renewIfcfg },
    { paths: await keyfiles(files), renew: inEntries(isCardAddress) },
    { paths: await netplanFiles(files), renew: renewNetplan },
    { paths: units.flat(), renew: inEntries(isMatchedAddress) },
    {
      paths: [`${manager}/NetworkManager.conf`, ...drops.map((name) => `${manager}/conf.d/${name}`)],
      renew: inEntries(isDeviceList),
    },
    // Interfaces may be chosen by address: `auto mac/00:11:22:33:44:55=lan0`.
    { paths: (await interfacesFiles(files)).paths, renew: renewInterfaces },
    { paths: [IFTAB], renew: ({ text }, renewed) => replaceMacs(text, renewed) },
    {
      // Cards for which NetworkManager makes up no settings of its own.
      paths: ['/var/lib/NetworkManager/no-auto-default.state'],
      renew: ({ text }, renewed) => replaceMacs(text, renewed),
    },
  ];
}

const isCardAddress = ({ section, key }: IniEntry): boolean =>
  CARD_SECTIONS.includes(section) && key === 'mac-address';
const isMatchedAddress = ({ section, key }: IniEntry): boolean =>
  section === 'Match' && (key === 'MACAddress' || key === 'PermanentMACAddress');
const isDeviceList = ({ key }: IniEntry): boolean =>
  key === 'unmanaged-devices' || key === 'match-device' || key === 'no-auto-default';

function inEntries(holdsAddress: (entry: IniEntry) => boolean): BoundFiles['renew'] {
  return ({ text }, renewed) =>
    withValues(text, parseIni(text), (entry) =>
      holdsAddress(entry) ? replaceMacs(entry.value, renewed) : null,
    );
}

function renewIfcfg({ text }: TextFile, renewed: Renewed): string {
  return withVariables(text, ({ key, value }) => {
    const mac = key === 'HWADDR' ? renewed.get(normalMac(value) ?? '') : undefined;
    return mac === undefined ? null : spelledLike(value, mac);
  });
}

function renewNetplan({ text }: TextFile, renewed: Renewed): string {
  const parts: string[] = [];
  let done = 0;
  // In the order of the text, as they are read.
  for (const { scalar } of netplanBindings(text)) {
    const mac = renewed.get(normalMac(scalar.value) ?? '');
    if (mac === undefined) continue;
    parts.push(text.slice(done, scalar.start), spelledLike(scalar.value, mac));
    done = scalar.end;
  }
  return parts.join('') + text.slice(done);
}

function renewInterfaces({ text }: TextFile, renewed: Renewed): string {
  return text.replace(/\bmac\/[0-9a-f:-]{17}/gi, (pattern) => replaceMacs(pattern, renewed));
}

/** Bonds are kept; what they can do on virtual cards is another matter. */
function checkBond({ findings }: EditPlan, bond: Bond, cards: ReadonlySet<string>): void {
  const left = bond.slaves.filter((slave) => cards.has(slave));
  if (left.length === 1)
    findings.push({
      severity: 'info',
      code: 'NETWORK_BOND_SINGLE_CARD',
      message: `The bond ${bond.name} has a single network card (${left[0]!}) in the virtual machine; it is kept and works with that one.`,
      next: 'The host has the redundancy now; the bond may be dissolved later.',
    });
  if (bond.mode === '802.3ad' || bond.mode === '4')
    findings.push({
      severity: 'warning',
      code: 'NETWORK_BOND_LACP',
      message: `The bond ${bond.name} negotiates with the switch by LACP (802.3ad), which virtual switches do not do with a virtual machine.`,
      next: `Change the mode of ${bond.name} to active-backup after the first boot, or give the machine a single card.`,
    });
}
