/**
 * Each card of the virtual machine gets the interface name of the physical card it stands for, by its MAC address.
 * Names that follow from the place of a card (enp3s0, ens192, em1) would change with the hardware, and with them all
 * addresses, firewall rules and services bound to the name.
 *
 * Guests whose udev reads .link files (systemd 209 and later) get one for each card. Where a rule of udev still has the
 * first word, the name is given by a rule: older udev, and Debian 8 or SLES 12, whose rule generator would name the
 * card before a .link file is asked.
 */
import { throwIfCancelled } from '../../../base/cancel.ts';
import type { FixContext, Fixer, FixPlan, GuestReader } from '../../fixer.ts';
import { nameOf } from '../../tree-path.ts';
import { editPlan, readTextFile, type EditPlan } from '../edit-plan.ts';
import {
  isReadAfterOurs,
  keepsName,
  linkPath,
  linkText,
  otherSettings,
  readLinkFiles,
  type LinkFile,
} from './link-files.ts';
import { namedNics, type NamedNic } from './machine-nics.ts';
import { NETWORKD } from './networkd.ts';
import { kernelNumber } from './read.ts';
import {
  commentOut,
  namingRules,
  PERSISTENT_RULES,
  RULES,
  rulesFiles,
  type NamingRule,
} from './udev-rules.ts';

export const networkNames: Fixer = {
  id: 'network-names',
  title: 'Names of the network interfaces',
  applies: (context) => namedNics(context).length > 0,
  plan,
};

const WHY =
  'The name would follow from the place of the new card and change, and with it the addresses and firewall rules bound to the name.';

type Mechanism = 'link' | 'rule' | 'none';

async function plan(context: FixContext, signal?: AbortSignal): Promise<FixPlan> {
  const fixes = editPlan(context.files);
  const nics = namedNics(context);
  const mechanism = await mechanismOf(context.files);
  if (mechanism === 'none') {
    noUdev(fixes, nics);
    return fixes.finished();
  }
  for (const nic of nics) {
    throwIfCancelled(signal);
    const named = await settleRules(fixes, nic);
    if (named) continue;
    if (mechanism === 'link') await nameByLink(fixes, nic);
    else await nameByRule(fixes, nic);
  }
  if (!(await exchangesNames(context.files))) checkOrder(fixes, nics, context.machine.nics.length);
  return fixes.finished();
}

/** Files by which udev names cards after the plan: those that a copy of udev in an initramfs must have as well. */
export async function cardNameFiles(files: GuestReader): Promise<string[]> {
  const links = (await files.list(NETWORKD)).filter((name) => name.endsWith('.link'));
  const rules: string[] = [];
  for (const path of await rulesFiles(files)) {
    const file = await readTextFile(files, path);
    if (file !== null && namingRules(file.text).length > 0) rules.push(path);
  }
  return [...links.map((name) => `${NETWORKD}/${name}`), ...rules];
}

const SETUP_LINK = '80-net-setup-link.rules';
const GENERATOR = '75-persistent-net-generator.rules';

async function mechanismOf(files: GuestReader): Promise<Mechanism> {
  const rule = await effectiveRule(files, SETUP_LINK);
  const generator = await effectiveRule(files, GENERATOR);
  if (rule?.includes('net_setup_link') === true && (generator ?? '').trim() === '') return 'link';
  for (const directory of ['/lib/udev', '/usr/lib/udev', '/etc/udev'])
    if (await files.exists(directory)) return 'rule';
  return 'none';
}

/** The text of a rules file of the distribution, or of the administrator's that is in its place (empty where switched off). */
async function effectiveRule(files: GuestReader, name: string): Promise<string | null> {
  for (const directory of [RULES, '/usr/lib/udev/rules.d', '/lib/udev/rules.d']) {
    if ((await files.lstat(`${directory}/${name}`)) === null) continue;
    return (await readTextFile(files, `${directory}/${name}`))?.text ?? '';
  }
  return null;
}

/**
 * Rules that give the name to another card, or the card another name, are switched off.
 * True where a rule names the card right already.
 */
async function settleRules(fixes: EditPlan, nic: NamedNic): Promise<boolean> {
  let named = false;
  for (const path of await rulesFiles(fixes.files)) {
    const file = await readTextFile(fixes.files, path);
    if (file === null) continue;
    const isRight = (rule: NamingRule): boolean =>
      rule.name === nic.name && rule.mac === nic.mac && !rule.byPlace;
    const rules = namingRules(file.text);
    named ||= rules.some(isRight);
    const wrong = rules.filter((rule) => (rule.name === nic.name || rule.mac === nic.mac) && !isRight(rule));
    if (wrong.length === 0) continue;
    await fixes.rewrite(file, commentOut(file.text, wrong), {
      what: `${file.path}: the rule that gives the name ${nic.name} to a card of the physical server is commented out.`,
      why: 'The virtual machine does not have this card, and the name is needed for the card that stands for it.',
    });
    noteInitramfs(fixes, file.path);
  }
  return named;
}

async function nameByLink(fixes: EditPlan, nic: NamedNic): Promise<void> {
  const present = await readTextFile(fixes.files, linkPath(nic.name));
  if (present !== null && keepsName(present.text, nic)) return;
  let settings: string[] | null = null;
  for (const link of await readLinkFiles(fixes.files)) {
    const forCard = link.macs.includes(nic.mac);
    if (forCard && link.name === nic.name && link.byAddressOnly) return;
    const rival = link.name === nic.name || (forCard && link.macs.length === 1);
    if (!rival && !forCard && !link.forAll) continue;
    settings ??= otherSettings(link);
    if (rival) await retire(fixes, link, nic);
    else if (!isReadAfterOurs(link, nic.name)) readFirst(fixes, link, nic);
  }
  await fixes.writeFile(linkPath(nic.name), linkText(nic, settings ?? []), {
    what: `The network card ${nic.mac} gets the name ${nic.name} (${linkPath(nic.name)}).`,
    why: WHY,
  });
}

async function retire(fixes: EditPlan, link: LinkFile, nic: NamedNic): Promise<void> {
  await fixes.moveAside(link.path, {
    what: `${link.path} is renamed so that it is not read; its other settings are kept in ${linkPath(nic.name)}.`,
    why: `It names a card of the physical server, and the name ${nic.name} now belongs to the card of the virtual machine.`,
  });
  noteInitramfs(fixes, link.path);
}

function readFirst({ findings }: EditPlan, link: LinkFile, nic: NamedNic): void {
  findings.push({
    severity: 'warning',
    code: 'NETWORK_NAME_OVERRULED',
    message: `${link.path} is read before ours and also holds for the network card ${nic.name}, so the card may get another name.`,
    next: `Rename the file on the server so that it sorts behind ${nameOf(linkPath(nic.name))}, then convert again.`,
  });
}

async function nameByRule(fixes: EditPlan, nic: NamedNic): Promise<void> {
  // A link to /dev/null in its place is how administrators switch the generator off; it stays.
  const usual = (await fixes.files.lstat(PERSISTENT_RULES))?.type !== 'symlink';
  const path = usual ? PERSISTENT_RULES : `${RULES}/70-ironlift-net.rules`;
  const before = (await readTextFile(fixes.files, path))?.text ?? '';
  const rule = `SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="${nic.mac}", ATTR{type}=="1", NAME="${nic.name}"`;
  const head = '# Written by Ironlift: the interface keeps the name it had on the physical server.';
  const separated = before === '' || before.endsWith('\n') ? before : `${before}\n`;
  await fixes.writeFile(path, `${separated}${head}\n${rule}\n`, {
    what: `The network card ${nic.mac} gets the name ${nic.name} (${path}).`,
    why: WHY,
  });
}

function noteInitramfs({ findings }: EditPlan, path: string): void {
  if (findings.some(({ code }) => code === 'NETWORK_NAMES_IN_INITRAMFS')) return;
  findings.push({
    severity: 'info',
    code: 'NETWORK_NAMES_IN_INITRAMFS',
    message: `The initramfs may hold an old copy of ${path}; it names no card of the virtual machine and goes when the initramfs is rebuilt at the first boot.`,
  });
}

/** udev before version 197 parks a card under another name until the one it shall have is free. */
async function exchangesNames(files: GuestReader): Promise<boolean> {
  const newer = [SETUP_LINK, '80-net-name-slot.rules'];
  for (const name of newer) if ((await effectiveRule(files, name)) !== null) return false;
  return true;
}

/** udev since version 197 gives up when a name is still taken, so no card may need a kernel name that another one has. */
function checkOrder({ findings }: EditPlan, nics: readonly NamedNic[], count: number): void {
  const clashing = nics.filter(({ name, place }) => {
    const number = kernelNumber(name);
    return number !== null && number < count && number !== place;
  });
  if (clashing.length === 0) return;
  const list = clashing.map(({ name, place }) => `${name} is card ${place + 1}`).join(', ');
  findings.push({
    severity: 'warning',
    code: 'NETWORK_NAME_ORDER',
    message: `The kernel calls the cards eth0, eth1 and so on in their order, and two such names cannot be exchanged: ${list}.`,
    next: 'Put the cards of the machine in the order of their names: eth0 first, eth1 second.',
  });
}

function noUdev({ findings }: EditPlan, nics: readonly NamedNic[]): void {
  const wrong = nics.filter(({ name, place }) => kernelNumber(name) !== place);
  if (wrong.length === 0) return;
  findings.push({
    severity: 'warning',
    code: 'NETWORK_NAMES_NOT_KEPT',
    message: `The server has no udev, so its interface names cannot be kept by MAC address: ${wrong.map(({ name }) => name).join(', ')}.`,
    next: 'Check the network of the virtual machine after its first boot.',
  });
}
