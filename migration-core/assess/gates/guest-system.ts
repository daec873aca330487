/** B1, B7, W12, W19: the operating system and the processors it was made for. */
import { isThirtyTwoBit, notAGuest } from '../operating-systems.ts';
import { machines, oldKernels } from '../rules/gates.ts';
import { notSeen, short, type Found, type GateRule } from './gate.ts';

export const b1: GateRule = {
  id: 'B1',
  severity: 'blocker',
  title: 'No support as a guest',
  rules: [],
  find(subject) {
    const os = subject.facts.inventory?.operatingSystem;
    if (os === undefined) return notSeen(subject, 'operatingSystem', 'the system runs in a virtual machine');
    const { platform } = subject.context;
    const why = notAGuest(os);
    if (why !== null)
      return {
        because: `${short(os.name)} has no place in a virtual machine on ${platform.name}. ${why}`,
        fix: 'Leave it where it is, or move what it does to a system that can be a guest.',
        evidence: [os.name],
        fixable: false,
      };
    if (platform.architecture === 'os' && os.family !== 'linux')
      return {
        because: `${short(os.name)} cannot share the Linux kernel of ${platform.name}.`,
        fix: 'Choose a platform of virtual machines for this server.',
        evidence: [os.name],
        fixable: false,
      };
    if (os.family === 'linux' || os.family === 'windows') return null;
    return {
      because: `Whether ${short(os.name)} runs as a guest of ${platform.name} is not known to Ironlift.`,
      fix: `Look it up in the list of guests of ${platform.name}, then tick this off.`,
      evidence: [os.name],
      severity: 'warning',
      fixable: true,
      unknown: 'support as a guest',
    };
  },
};

export const b7: GateRule = {
  id: 'B7',
  severity: 'blocker',
  title: 'Not an x86 server',
  rules: [machines],
  find(subject) {
    const { inventory } = subject.facts;
    const named = [
      inventory?.operatingSystem?.architecture,
      ...(inventory?.processors ?? []).map(({ architecture }) => architecture),
    ].filter((one) => one !== undefined && one.trim() !== '');
    const x86 = subject.context.rules.value(machines);
    const strange = named.find((one) => !x86.includes(one!.trim().toLowerCase()));
    const models = (inventory?.processors ?? []).map(({ model }) => model);
    const strangeModel = models.find((model) =>
      /itanium|sparc|powerpc|\bpower\d|\bs390|alpha|mips|\barm\b|aarch64|neoverse|ampere/iu.test(
        model.slice(0, 200),
      ),
    );
    const other = strange ?? strangeModel;
    if (other !== undefined)
      return {
        because: `Its processors are ${short(other)}, and ${subject.context.platform.name} runs x86 systems only.`,
        fix: 'Rebuild what it does on an x86 system, or keep the server.',
        evidence: [other],
        fixable: false,
      };
    const maker = (inventory?.processors ?? []).some(
      ({ model, vendor, flags }) =>
        /xeon|opteron|epyc|pentium|celeron|core\b|athlon|ryzen/iu.test(model.slice(0, 200)) ||
        /^(?:GenuineIntel|AuthenticAMD)$/u.test(vendor ?? '') ||
        flags?.includes('mmx') === true,
    );
    return named.length > 0 || maker ? null : notSeen(subject, 'processors', 'it is an x86 server');
  },
};

export const w12: GateRule = {
  id: 'W12',
  severity: 'warning',
  title: 'Operating system out of support',
  rules: [],
  find(subject) {
    const os = subject.facts.inventory?.operatingSystem;
    if (os === undefined) return notSeen(subject, 'operatingSystem', 'its vendor still supports the system');
    const { release, context } = subject;
    if (release === null)
      return {
        because: `Until when ${short(os.name)} is supported is not known to Ironlift.`,
        fix: 'Ask its vendor, then tick this off.',
        evidence: [os.name, ...(os.version === undefined ? [] : [os.version])],
        unknown: 'support of the operating system',
      };
    if (context.now < release.ends) return null;
    return {
      because: `${release.title} has had no support by its vendor since ${release.endsOn}.`,
      fix: 'Plan an upgrade after the move, or buy extended support; no platform supports problems inside such a guest.',
      evidence: [os.name, release.endsOn, release.source],
    };
  },
};

export const w19: GateRule = {
  id: 'W19',
  severity: 'warning',
  title: 'Old or 32-bit system',
  rules: [oldKernels],
  find(subject) {
    const os = subject.facts.inventory?.operatingSystem;
    if (os === undefined) return notSeen(subject, 'operatingSystem', 'it is a 32-bit or very old system');
    const { release, context } = subject;
    const key = release?.id.replaceAll(' ', '-') ?? '';
    if (context.rules.value(oldKernels).some((one) => key === one || key.startsWith(`${one}-`)))
      return {
        because: `${release!.title} chose its hardware layer when it was installed, and starts on a virtual board only after that is changed.`,
        fix: 'Choose a BIOS machine with IDE disks and one processor, and test the start on the isolated network.',
        evidence: [os.name],
      };
    const bits = isThirtyTwoBit(os);
    if (bits === null) return bitsUnknown(short(os.name));
    if (!bits) return null;
    return {
      because: `${short(os.name)} is a 32-bit system.`,
      fix: `Check that ${context.platform.name} lists it as a 32-bit guest; it uses 4 GB of memory at most unless it has PAE.`,
      evidence: [os.name, ...(os.architecture === undefined ? [] : [os.architecture])],
    };
  },
};

function bitsUnknown(name: string): Found {
  return {
    because: `Whether ${name} is a 32-bit system is not known.`,
    fix: 'Collect the server with Ironlift itself, or look at the system and tick this off.',
    severity: 'info',
    fixable: true,
    unknown: 'bits of the system',
  };
}
