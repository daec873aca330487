import { windows, noOs, type GateCases } from './parts.ts';

export const licences: GateCases = {
  B4: {
    fires: [
      {
        name: 'nobody asked the vendor',
        annotations: { licence: { boundToHardware: true } },
        because:
          'A licence is bound to this hardware, and whether its vendor consents to the move nobody has said.',
        fixable: true,
      },
      {
        name: 'the vendor says no',
        annotations: { licence: { boundToHardware: true, vendorConsents: false } },
        because: 'A licence is bound to this hardware, and its vendor does not consent to the move.',
        fixable: true,
      },
    ],
    unknown: [
      { annotations: { licence: {} }, what: 'whether a licence is bound to this hardware', severity: 'info' },
    ],
    silent: [
      {
        name: 'the vendor consents',
        annotations: { licence: { boundToHardware: true, vendorConsents: true } },
      },
    ],
  },
  B6: {
    fires: [
      {
        name: 'a vendor that forbids it',
        annotations: { vendorForbidsVirtualization: true },
        because: 'The vendor of an application does not allow it in a virtual machine.',
        fixable: false,
      },
    ],
    unknown: [
      {
        annotations: { vendorForbidsVirtualization: undefined },
        what: 'whether a vendor forbids to virtualize it',
        severity: 'info',
      },
    ],
  },
  W11: {
    fires: [
      {
        name: 'a tag',
        inventory: windows('Microsoft Windows Server 2019 Standard'),
        annotations: { tags: ['Windows OEM'] },
        because:
          'The licence of Microsoft Windows Server 2019 Standard came with the hardware (Windows OEM) and stays with it.',
      },
    ],
    unknown: [
      noOs,
      {
        inventory: windows('Microsoft Windows Server 2019 Standard'),
        what: 'whether Windows was licensed with this hardware (OEM)',
        severity: 'info',
      },
    ],
  },
};
