/** What must be signed before the next wave, who does what, and the way back: pieces that apply to a wave or not. */
import { listed } from '../../base/text.ts';
import { WAVE_RULES } from '../rules/waves.ts';
import type { Mover, WaveEstate } from './estate.ts';
import { rank, type WaveKind } from './kind-order.ts';

export interface GateScene {
  kind: WaveKind;
  members: readonly Mover[];
  production: boolean;
  /** The first wave with servers of production. */
  opening: boolean;
  /** Hosts that must stand at its end, in the order of the plan. */
  hosts: readonly string[];
  estate: WaveEstate;
}

interface GateRule {
  id: string;
  required: boolean;
  text: (scene: GateScene) => string | null;
}

const moving = ({ members }: GateScene): boolean => members.length > 0;

const GATES: readonly GateRule[] = [
  {
    id: 'lab-ready',
    required: false,
    text: ({ kind }) =>
      kind === 'lab'
        ? 'The people who will do it have practised on a lab host: made a virtual machine, converted a sample server, restored one, moved one.'
        : null,
  },
  {
    id: 'hosts-ready',
    required: true,
    text: ({ hosts }) =>
      hosts.length === 0 ? null : `These hosts stand, are patched and are watched: ${listed(hosts)}.`,
  },
  {
    id: 'patching',
    required: true,
    text: ({ opening }) => (opening ? 'Patches and software reach the moved servers the usual way.' : null),
  },
  {
    id: 'backup-restore',
    required: true,
    text: (scene) =>
      moving(scene)
        ? 'A backup of at least one moved server was restored and started; the backup vendor supports this platform, with evidence.'
        : null,
  },
  {
    id: 'disaster-recovery',
    required: true,
    text: ({ opening }) =>
      opening ? 'A moved server was recovered the way the disaster recovery plan says.' : null,
  },
  {
    id: 'failover-alert',
    required: true,
    text: ({ production }) =>
      production ? 'A test alert of a failed host and of a failover arrived, with evidence.' : null,
  },
  {
    id: 'anti-virus',
    required: false,
    text: (scene) =>
      moving(scene)
        ? 'Virus protection runs in every moved machine that had it, or on the host where the platform does that; on hosts it leaves virtual disks out. Scans and backups of one host do not start together.'
        : null,
  },
  {
    id: 'ownership',
    required: true,
    text: (scene) => {
      if (!moving(scene)) return null;
      const days = scene.estate.rules.value(WAVE_RULES.testExpiry);
      return scene.production
        ? 'Owner and purpose of every new machine are written down.'
        : `Owner, purpose and end of every new machine are written down; test machines are asked about after ${days} days.`;
    },
  },
  {
    id: 'shared-system',
    required: true,
    text: ({ members }) =>
      members.some(({ osVirtualization }) => osVirtualization)
        ? 'Patches of the shared operating system are tried on a copy first: copy an environment, patch it, test it, then patch the host.'
        : null,
  },
  {
    id: 'owner-sign-off',
    required: true,
    text: (scene) => (moving(scene) ? 'The owners have accepted their servers on the new hosts.' : null),
  },
];

export const gatesOf = (scene: GateScene): { id: string; text: string; required: boolean }[] =>
  GATES.flatMap(({ id, required, text }) => {
    const said = text(scene);
    return said === null ? [] : [{ id, text: said, required }];
  });

/** Other teams learn with every wave (SR-70). */
const TEAMS: readonly { role: string; does: (scene: GateScene) => string | null }[] = [
  { role: 'Migration team', does: () => 'Responsible: converts, starts and hands over.' },
  { role: 'Storage team', does: () => 'Responsible: provides disk space and watches its load.' },
  {
    role: 'Network team',
    does: () => 'Responsible: provides networks and VLANs, opens ways through firewalls.',
  },
  {
    role: 'Backup team',
    does: () => 'Responsible: sets up backup of machines and hosts, and restores one of them as a test.',
  },
  {
    role: 'Application owner',
    does: ({ production }) =>
      production ? 'Accountable: agrees on the night, tests, accepts.' : 'Consulted: tests and accepts.',
  },
  {
    role: 'Security',
    does: ({ production }) =>
      production
        ? 'Consulted: agrees on zones, virus protection and access to hosts.'
        : 'Informed: of new hosts and machines.',
  },
  {
    role: 'Service desk',
    does: ({ production }) => (production ? 'Informed: of nights and servers.' : null),
  },
];

export function peopleOf(scene: GateScene): { role: string; does: string }[] {
  if (!moving(scene)) return [];
  const owners = [...new Set(scene.members.map(({ facts }) => facts.annotations.owner?.trim() ?? ''))]
    .filter((owner) => owner !== '')
    .sort();
  return TEAMS.flatMap(({ role, does }) => {
    const said = does(scene);
    if (said === null) return [];
    const named = role === 'Application owner' && owners.length > 0;
    return [{ role: named ? `${role} (${listed(owners)})` : role, does: said }];
  });
}

export function rollbackOf({ kind, members, estate: { rules } }: GateScene): string {
  if (members.length === 0) return 'Nothing moves, so that there is nothing to take back.';
  const days = rules.value(WAVE_RULES.retention);
  const data =
    rank(kind) >= rank('important')
      ? ' Data written since the cut-over is brought back with the means of the application, which is tried before the night.'
      : ' Data written since the cut-over is lost or is copied back by hand.';
  return `The source is not changed and stays, switched off, for ${days} days: switch the virtual machine off, cut its network, and switch the source on again.${data}`;
}
