/** A ProLiant that was a Xen guest before, and all fixers that switch off and set. */
import { agents } from '../../../../../migration-core/guest/windows/services/agents.ts';
import { classFilters } from '../../../../../migration-core/guest/windows/services/class-filters.ts';
import { processor } from '../../../../../migration-core/guest/windows/services/processor.ts';
import { bootStore } from '../../../../../migration-core/guest/windows/system/boot-store.ts';
import { crashControl } from '../../../../../migration-core/guest/windows/system/crash-control.ts';
import { driveLetter } from '../../../../../migration-core/guest/windows/system/drive-letter.ts';
import { espFallback } from '../../../../../migration-core/guest/windows/system/esp-fallback.ts';
import { hal } from '../../../../../migration-core/guest/windows/system/hal.ts';
import { sanPolicy } from '../../../../../migration-core/guest/windows/system/san-policy.ts';
import {
  WINDOWS_VERSIONS,
  portableExecutable,
  type Keys,
  type WindowsGuestOptions,
  type WindowsVersionId,
} from '../../../../support/windows-guest.ts';

export const FIXERS = [
  agents,
  classFilters,
  processor,
  hal,
  bootStore,
  espFallback,
  driveLetter,
  crashControl,
  sanPolicy,
];

const driver = (name: string, Start: number): Keys => ({
  [`CCS\\Services\\${name}`]: { Type: 1, Start, ImagePath: `system32\\drivers\\${name}.sys` },
});

/** With a data volume. */
export function proliant(version: WindowsVersionId): WindowsGuestOptions {
  const { folder, nt } = WINDOWS_VERSIONS[version];
  const drivers = `/${folder}/${nt.startsWith('5.') ? 'system32' : 'System32'}/drivers`;
  return {
    version,
    system: {
      'CCS\\Services\\CqMgHost': {
        Type: 16,
        Start: 2,
        ImagePath: 'C:\\hp\\cqmghost.exe',
        DisplayName: 'HP Insight Foundation Agents',
      },
      ...driver('xenfilt', 0),
      'CCS\\Control\\Class\\{4D36E97D-E325-11CE-BFC1-08002BE10318}': { UpperFilters: ['XENFILT'] },
    },
    files: { [`${drivers}/xenfilt.sys`]: portableExecutable('amd64') },
    data: { '/data.txt': 'data' },
  };
}
