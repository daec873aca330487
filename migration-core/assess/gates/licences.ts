/** B4, B6, W11: what vendors and contracts allow. */
import { notSeen, notTold, short, type GateRule } from './gate.ts';

export const b4: GateRule = {
  id: 'B4',
  severity: 'blocker',
  title: 'Licence bound to the hardware',
  rules: [],
  find({ facts }) {
    const { licence } = facts.annotations;
    if (licence?.boundToHardware === undefined)
      return notTold(
        'whether a licence is bound to this hardware',
        'Ask the owner of the application for licences bound to serial numbers, MAC addresses or disks.',
      );
    if (!licence.boundToHardware || licence.vendorConsents === true) return null;
    return {
      because:
        licence.vendorConsents === false
          ? 'A licence is bound to this hardware, and its vendor does not consent to the move.'
          : 'A licence is bound to this hardware, and whether its vendor consents to the move nobody has said.',
      fix: 'Get the written consent of the vendor, or a new licence key for the virtual machine.',
      evidence: licence.group === undefined ? [] : [licence.group],
      fixable: true,
    };
  },
};

export const b6: GateRule = {
  id: 'B6',
  severity: 'blocker',
  title: 'Vendor forbids virtualization',
  rules: [],
  find({ facts }) {
    const forbids = facts.annotations.vendorForbidsVirtualization;
    if (forbids === undefined)
      return notTold(
        'whether a vendor forbids to virtualize it',
        'Ask the owner of the application for the support terms of its vendor.',
      );
    if (!forbids) return null;
    return {
      because: 'The vendor of an application does not allow it in a virtual machine.',
      fix: 'Keep the server, or negotiate other terms with the vendor and take this mark away.',
      evidence: facts.annotations.applications ?? [],
      fixable: false,
    };
  },
};

const OEM = /\boem\b/iu;

export const w11: GateRule = {
  id: 'W11',
  severity: 'warning',
  title: 'OEM licence',
  rules: [],
  find(subject) {
    const { facts } = subject;
    const os = facts.inventory?.operatingSystem;
    if (os === undefined) return notSeen(subject, 'operatingSystem', 'the system came with the hardware');
    const marks = [os.name, facts.annotations.licence?.group ?? '', ...(facts.annotations.tags ?? [])].filter(
      (text) => OEM.test(text.slice(0, 500)),
    );
    if (marks.length > 0)
      return {
        because: `The licence of ${short(os.name)} came with the hardware (${short(marks[0]!)}) and stays with it.`,
        fix: 'Buy a licence that may be moved, and activate the machine anew after the move.',
        evidence: marks,
      };
    if (os.family !== 'windows') return null;
    return notTold(
      'whether Windows was licensed with this hardware (OEM)',
      'Look for a label on the case, and write "OEM" into the tags of the server where there is one.',
    );
  },
};
