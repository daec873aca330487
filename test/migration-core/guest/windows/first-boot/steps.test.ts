import { expect, it } from 'vitest';
import type { GuestReader } from '../../../../../migration-core/guest/fixer.ts';
import type { WindowsFacts } from '../../../../../migration-core/guest/windows/facts.ts';
import { leaveStep } from '../../../../../migration-core/guest/windows/first-boot/steps.ts';

it('the folder of what runs as LocalSystem is closed to users, and said so; those in it inherit that', async () => {
  const windows = { systemRoot: '/WINNT', systemDrive: 'D' } as WindowsFacts;
  const none = { exists: async () => false } as unknown as GuestReader;
  const edits = await leaveStep(windows, none, { time: 10, name: 'a', lines: [], what: 'A.', why: 'B.' });
  expect(edits.slice(0, 2)).toEqual([
    {
      what: 'A folder for the work of the first start is added (D:\\WINNT\\Ironlift).',
      why: 'Only administrators may write there.',
      action: { kind: 'mkdir', path: '/WINNT/Ironlift', options: { rights: 'administrators' } },
    },
    {
      what: 'A folder for the work of the first start is added (D:\\WINNT\\Ironlift\\FirstBoot).',
      why: 'Only administrators may write there.',
      action: { kind: 'mkdir', path: '/WINNT/Ironlift/FirstBoot' },
    },
  ]);
});
