/** Driver sources of a conversion: opened for Windows only, closed afterwards, kept for a job that is gone on with. */
import { readdirSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withDrivers } from '../../../migration-core/convert/driver-sources.ts';
import { jobState, recordOptions } from '../../../migration-core/convert/job-record.ts';
import type { JournalEntry } from '../../../migration-core/convert/journal.ts';
import { checkOptions } from '../../../migration-core/convert/plan.ts';
import type { Guest } from '../../../migration-core/guest/guest.ts';
import { inspectGuest } from '../../../migration-core/guest/inspect.ts';
import { driverFolder } from '../../support/driver-folder.ts';
import { scratchFolder } from '../../support/tools.ts';
import { convertOptions } from '../../support/convert-options.ts';
import { windowsVolumes } from '../../support/windows-guest.ts';
import { smallIso } from '../filesystem/iso9660/small-iso.ts';

const windows = async (): Promise<Guest> =>
  (await inspectGuest(await windowsVolumes({ version: '2022' }))).guest;
const OPTIONS = convertOptions('disk.img', 'kvm', 'out');

describe('driver sources', () => {
  it('give the packages for the guest, those of the first source first', async () => {
    const first = await driverFolder({ a: { name: 'viostor', architecture: 'amd64', version: '1.0' } });
    const second = await driverFolder({
      a: { name: 'viostor', architecture: 'amd64', version: '2.0' },
      b: { name: 'netkvm', architecture: 'amd64', version: '2.0' },
      c: { name: 'balloon', architecture: 'x86' },
    });
    const found = await withDrivers([first, second], await windows(), undefined, (all) =>
      Promise.resolve(all),
    );
    expect(found.findings).toEqual([]);
    expect(found.drivers?.map(({ inf, version }) => `${inf} ${version}`)).toEqual([
      'viostor.inf 1.0',
      'netkvm.inf 2.0',
    ]);
  });

  it('are closed afterwards, also where something goes wrong', async () => {
    const iso = join(await scratchFolder(), 'drivers.iso');
    await writeFile(iso, smallIso('rock-ridge'));
    const isOpen = (): boolean =>
      readdirSync('/proc/self/fd').some((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === iso;
        } catch {
          return false;
        }
      });
    const guest = await windows();
    const failing = withDrivers([iso], guest, undefined, ({ findings }) => {
      expect(isOpen()).toBe(true);
      expect(findings).toMatchObject([
        {
          severity: 'warning',
          message: `The driver source ${iso} has no driver for ${guest.os.name}.`,
        },
      ]);
      return Promise.reject(new Error('while planning'));
    });
    await expect(failing).rejects.toThrow('while planning');
    expect(isOpen()).toBe(false);
    const absent = withDrivers([iso, `${iso}.not`], guest, undefined, () => Promise.resolve());
    await expect(absent).rejects.toThrow(`The driver source ${iso}.not cannot be used: it is not there.`);
    expect(isOpen()).toBe(false);
  });

  it('are not even opened for a guest that is no Windows', async () => {
    const linux = { os: { name: 'Debian 12' } } as Guest;
    const found = await withDrivers(['/nowhere'], linux, undefined, (all) => Promise.resolve(all));
    expect(found.drivers).toBeNull();
    expect(found.findings.map(({ message }) => message)).toEqual([
      '1 driver source is not used: Debian 12 has its drivers in its kernel.',
    ]);
    // Who gave drivers counts on them, and the result of a conversion speaks of warnings alone.
    expect(found.findings.map(({ severity }) => severity)).toEqual(['warning']);
    const unknown = await withDrivers(['/a', '/b'], null, undefined, (all) => Promise.resolve(all));
    expect(unknown.findings.map(({ message }) => message)).toEqual([
      '2 driver sources are not used: no operating system was recognised.',
    ]);
    const none = await withDrivers([], await windows(), undefined, (all) => Promise.resolve(all));
    expect(none).toEqual({ drivers: null, findings: [] });
  });

  it('are kept with the job by their whole paths; records of earlier versions have none', () => {
    const kept = recordOptions({ ...OPTIONS, drivers: ['virtio-win.iso', '/cd/vmware'] });
    expect(kept.drivers).toEqual([resolve('virtio-win.iso'), '/cd/vmware']);
    const earlier: Partial<typeof kept> = { ...kept };
    delete earlier.drivers;
    const entry = (options: object): JournalEntry =>
      ({
        at: '2026-01-01T00:00:00.000Z',
        step: 'job',
        state: 'begun',
        data: {
          formatVersion: 1,
          version: '0.1.0',
          now: 1,
          options,
          sources: [{ size: 1, mtime: '1', inode: '1', device: '1', sample: 'a'.repeat(64) }],
          plan: 'a'.repeat(64),
          uuid: 'x',
          copyBytes: [1],
          madeFolder: false,
          timings: [],
        },
      }) as unknown as JournalEntry;
    expect(jobState('journal', [entry(kept)], 1).record.options.drivers).toEqual(kept.drivers);
    expect(jobState('journal', [entry(earlier)], 1).record.options.drivers).toEqual([]);
    expect(() => jobState('journal', [entry({ ...kept, drivers: ['relative'] })], 1)).toThrow(
      'options.drivers.0',
    );
  });

  it('are counted', () => {
    expect(() => checkOptions({ ...OPTIONS, drivers: Array.from({ length: 17 }, String) })).toThrow(
      '--drivers is taken 16 times at most.',
    );
  });
});
