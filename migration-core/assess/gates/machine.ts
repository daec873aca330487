/** W7, W14, W18, W20: firmware, network, what lies beneath, and agents of the hardware. */
import { listed, notSeen, short, type GateRule } from './gate.ts';

export const w7: GateRule = {
  id: 'W7',
  severity: 'warning',
  title: 'UEFI, Secure Boot or TPM',
  rules: [],
  find(subject) {
    const { facts, context } = subject;
    const { firmware, drivers } = facts.inventory ?? {};
    const { platform } = context;
    if (firmware?.kind === undefined)
      return notSeen(subject, 'firmware', 'it starts by UEFI with Secure Boot');
    if (firmware.kind === 'bios') return null;
    const tpm = (drivers ?? [])
      .filter(({ name, loaded }) => /^tpm(?:_|$)/iu.test(name) && loaded !== false)
      .map(({ name }) => name);
    const lacks = [
      ...(platform.firmware.includes('uefi') ? [] : ['UEFI']),
      ...(firmware.secureBoot === true && !platform.secureBoot ? ['Secure Boot'] : []),
      ...(tpm.length > 0 && !platform.tpm ? ['a TPM'] : []),
    ];
    if (lacks.length > 0)
      return {
        because: `It uses ${listed(lacks)}, which ${platform.name} does not have.`,
        fix: 'Switch off what is missing on the server before the move, or choose a platform that has it.',
        evidence: [...lacks, ...tpm],
      };
    if (firmware.secureBoot === true || tpm.length > 0)
      return {
        because: `It uses ${listed([...(firmware.secureBoot === true ? ['Secure Boot'] : []), ...(tpm.length > 0 ? ['a TPM'] : [])])}; keys in its hardware do not move along.`,
        fix: "Have recovery keys at hand, and enrol keys of one's own in the firmware of the machine.",
        evidence: tpm,
      };
    // Without a word on Secure Boot it may be on.
    return firmware.secureBoot === undefined
      ? notSeen(subject, 'firmware', 'Secure Boot is on', 'info')
      : null;
  },
};

export const w14: GateRule = {
  id: 'W14',
  severity: 'warning',
  title: 'VLANs or network teams',
  rules: [],
  find(subject) {
    const interfaces = subject.facts.inventory?.networkInterfaces;
    if (interfaces === undefined) return notSeen(subject, 'networkInterfaces', 'it uses VLANs or teams');
    const vlans = interfaces.filter(({ vlan, kind }) => kind === 'vlan' || (vlan !== undefined && vlan > 0));
    const teams = interfaces.filter(({ kind, teamMode }) => kind === 'bond' || teamMode !== undefined);
    const { platform } = subject.context;
    if (vlans.length > 0) {
      const numbers = [
        ...new Set(vlans.map(({ vlan, name }) => (vlan === undefined ? name : `VLAN ${vlan}`))),
      ];
      if (!platform.dot1q)
        return {
          because: `It uses ${listed(numbers)}, and ${platform.name} takes no 802.1Q trunks to its virtual switches.`,
          fix: `Choose a platform with 802.1Q, or give each segment a virtual switch with two network ports of its own (${numbers.length * 2} ports).`,
          evidence: numbers,
        };
      return {
        because: `It uses ${listed(numbers)}, which a managed virtual switch of ${platform.name} carries over an 802.1Q trunk.`,
        fix: 'Make a port group for each VLAN, and trunk them to every host.',
        evidence: numbers,
        severity: 'info',
      };
    }
    if (teams.length === 0) return null;
    return {
      because: `${listed(teams.map(({ name }) => name))} joins several network ports, which become one virtual card.`,
      fix: 'Take the team apart in the guest, and let the host have the redundant ports.',
      evidence: teams.map(({ name, members, teamMode }) =>
        `${name}: ${listed(members ?? [])} ${teamMode ?? ''}`.trim(),
      ),
      severity: 'info',
    };
  },
};

export const w18: GateRule = {
  id: 'W18',
  severity: 'warning',
  title: 'Virtual already, or a host of machines',
  rules: [],
  find(subject) {
    const { facts, roles } = subject;
    if (facts.inventory === null)
      return notSeen(subject, 'roles', 'it is virtual already or runs virtual machines');
    const { virtual } = facts.inventory;
    if (virtual !== undefined)
      return {
        because: `It runs on ${virtual === '' ? 'a hypervisor' : short(virtual)} already.`,
        fix: 'Move it from platform to platform (V2V) instead.',
        evidence: [virtual],
      };
    if (!roles.known) return notSeen(subject, 'roles', 'it runs virtual machines itself');
    if (!roles.has('virtualization')) return null;
    return {
      because: 'It runs virtual machines itself, which would be nested.',
      fix: 'Move its machines one by one, and retire the host.',
      evidence: roles.roles,
    };
  },
};

export const w20: GateRule = {
  id: 'W20',
  severity: 'warning',
  title: 'Agents of hardware vendors',
  rules: [],
  find(subject) {
    const agents = subject.facts.inventory?.vendorAgents;
    if (agents === undefined)
      return notSeen(subject, 'vendorAgents', 'agents of its hardware run on it', 'info');
    if (agents.length === 0) return null;
    const names = agents.map(({ name }) => name);
    return {
      because: `${listed(names)} ${names.length === 1 ? 'belongs' : 'belong'} to the present hardware and would look for it in vain.`,
      fix: 'The conversion switches such agents off and can switch them on again; uninstall them when the machine is accepted.',
      evidence: names,
    };
  },
};
