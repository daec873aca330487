/** Distribution and version: os-release(5), and before it the release files of each family. */
import type { Finding } from '../../base/finding.ts';
import type { GuestReader } from '../fixer.ts';
import type { Guest } from '../guest.ts';
import { inspectText, shellVariables } from './text.ts';

type Os = Guest['os'];

const FAMILIES: [Os['family'], RegExp][] = [
  ['debian', /^(debian|ubuntu|linuxmint|raspbian|devuan|kali|proxmox|univention|pop)$/],
  [
    'redhat',
    /^(rhel|centos|fedora|rocky|almalinux|ol|oracle|amzn|scientific|cloudlinux|virtuozzo|openeuler|anolis|xenserver)$/,
  ],
  ['suse', /^(sles|sled|suse|opensuse.*|sle.*|sl-micro)$/],
  ['arch', /^(arch|manjaro|endeavouros|artix)$/],
  ['alpine', /^alpine$/],
];

/** Release files that older systems have instead of os-release, with the words that tell a system from its likes. */
const OLD_RELEASES: [path: string, names: [RegExp, string][], family: Os['family']][] = [
  [
    '/etc/redhat-release',
    [
      [/centos/i, 'centos'],
      [/oracle|enterprise linux enterprise/i, 'ol'],
      [/scientific/i, 'scientific'],
      [/fedora/i, 'fedora'],
      [/./, 'rhel'],
    ],
    'redhat',
  ],
  [
    '/etc/SuSE-release',
    [
      [/opensuse/i, 'opensuse'],
      [/desktop/i, 'sled'],
      [/./, 'sles'],
    ],
    'suse',
  ],
  ['/etc/debian_version', [[/./, 'debian']], 'debian'],
  ['/etc/arch-release', [[/^/, 'arch']], 'arch'],
  ['/etc/alpine-release', [[/./, 'alpine']], 'alpine'],
];

/** Null where no file of the volume names a Linux distribution. */
export async function readOs(files: GuestReader, findings: Finding[]): Promise<Os | null> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = await inspectText(files, path, findings);
    if (text === null) continue;
    const variables = shellVariables(text);
    const id = variables.get('ID')?.toLowerCase();
    if (id === undefined || id === '') continue;
    const likes = (variables.get('ID_LIKE') ?? '').toLowerCase().split(/\s+/);
    const version = variables.get('VERSION_ID') ?? (await debianTesting(files, id, findings));
    return {
      id,
      version,
      name: variables.get('PRETTY_NAME') ?? `${id} ${version}`.trim(),
      family: familyOf([id, ...likes]),
    };
  }
  const lsb = shellVariables((await inspectText(files, '/etc/lsb-release', findings)) ?? '');
  const ubuntu = lsb.get('DISTRIB_ID')?.toLowerCase();
  if (ubuntu === 'ubuntu') {
    const version = lsb.get('DISTRIB_RELEASE') ?? '';
    return {
      id: ubuntu,
      version,
      name: lsb.get('DISTRIB_DESCRIPTION') ?? `Ubuntu ${version}`,
      family: 'debian',
    };
  }
  for (const [path, names, family] of OLD_RELEASES) {
    const text = await inspectText(files, path, findings);
    if (text === null) continue;
    const line = text.split('\n', 1)[0]!.trim();
    const id = names.find(([word]) => word.test(line))?.[1];
    if (id === undefined) continue;
    return { id, version: versionOf(text, line), name: nameFor(id, line), family };
  }
  return null;
}

function familyOf(ids: string[]): Os['family'] {
  for (const id of ids) for (const [family, pattern] of FAMILIES) if (pattern.test(id)) return family;
  return 'other';
}

/** Debian testing has no VERSION_ID. */
async function debianTesting(files: GuestReader, id: string, findings: Finding[]): Promise<string> {
  if (id !== 'debian') return '';
  return ((await inspectText(files, '/etc/debian_version', findings)) ?? '').trim();
}

/** `release 6.10 (Final)`; SuSE-release has `VERSION = 11` and `PATCHLEVEL = 4` on lines of their own. */
function versionOf(text: string, line: string): string {
  const major = /^VERSION\s*=\s*(\S+)/m.exec(text)?.[1];
  const patch = /^PATCHLEVEL\s*=\s*(\d+)/m.exec(text)?.[1];
  if (major !== undefined) return patch === undefined || patch === '0' ? major : `${major}.${patch}`;
  return /\d+(?:\.\d+)*/.exec(line)?.[0] ?? line;
}

function nameFor(id: string, line: string): string {
  if (id === 'debian') return `Debian GNU/Linux ${line}`;
  if (id === 'alpine') return `Alpine Linux ${line}`;
  if (id === 'arch') return 'Arch Linux';
  return line;
}
