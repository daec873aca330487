/** A Windows server that was copied while it ran: the wizard asks for a decision, and the machine tells of it. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { readManifest } from '../../migration-core/convert/manifest.ts';
import { changeVolume, makeLogDirty, placesIn } from '../migration-core/filesystem/ntfs/unclean.ts';
import { axe } from '../support/browser.ts';
import { chooseAll, next } from '../support/convert-wizard.ts';
import { openApplication } from '../support/opened.ts';
import { run } from '../support/tools.ts';
import { windowsDisk } from '../support/windows-disk.ts';

const PATIENCE = 60_000;
let home: string;
let page: Page;
let faults: string[];

beforeAll(async () => {
  const opened = await openApplication(async (folder) => {
    const { path, volumes } = await windowsDisk(join(folder, 'files01.img'), { version: '2019' });
    const windows = volumes.find(({ at }) => at === '')!;
    await changeVolume(path, windows, async (bytes, volume) =>
      makeLogDirty(bytes, await placesIn(volume, bytes)),
    );
  });
  ({ home, page, faults } = opened);
  page.setDefaultTimeout(PATIENCE);
  return opened.close;
}, 240_000);

it('asks at the checks whether to go on, in words of the screen, and goes on only then', async () => {
  await chooseAll(page, { disk: 'files01.img', platform: 'KVM', folder: 'files01' });
  const seen = (text: string): Promise<void> =>
    page.getByText(text, { exact: false }).filter({ visible: true }).first().waitFor();
  await seen('was not left in order and must not be changed');
  await seen('“Go on although volumes were not closed” goes on with the copy as it is');
  // What cannot be written to is not too full for it.
  await seen('1 check stands in the way.');
  expect(await page.getByRole('button', { name: 'Next', exact: true }).isDisabled()).toBe(true);
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'Source', exact: true }).click();
  await page.getByText('These disks need a decision, at the pre-flight checks').waitFor();
  await next(page);
  await next(page);
  await next(page);
  await page.getByLabel('Go on although volumes were not closed').check();
  await page.getByText('It can start;', { exact: false }).waitFor();
  expect(await axe(page)).toEqual([]);
  await next(page);
  await page.getByRole('button', { name: 'Convert 1 disk' }).click();
  await page
    .getByText('The disks are copied, read again and found equal, and the system is prepared.')
    .waitFor();
  const manifest = await readManifest(join(home, 'files01'));
  expect(manifest.acceptedUncleanNtfs).toBe(true);
  expect(manifest.findings.map(({ code }) => code)).toContain('NTFS_UNCLEAN_ACCEPTED');
  const disk = join(home, 'files01', manifest.disks[0]!.file);
  await run('qemu-img', ['check', disk]);
  expect(faults).toEqual([]);
}, 240_000);
