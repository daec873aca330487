/**
 * From the disk of a server to a machine that was accepted, over the real program: as a person clicks it, once with the
 * job killed half way, once by keys alone. qemu-img and e2fsck judge what came of it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../migration-core/convert/manifest.ts';
import { axe } from '../support/browser.ts';
import { chooseAll, go, next, pickFile } from '../support/convert-wizard.ts';
import { sha256 } from '../support/hash.ts';
import { openApplication } from '../support/opened.ts';
import { smallServer } from '../support/small-server.ts';
import { run } from '../support/tools.ts';

const MIB = 2 ** 20;
const PATIENCE = 40_000;
/** Of the server that is killed half way: enough that its copy takes a second or two. */
const LARGE_MIB = 1536;
let folder: string;
let home: string;
let page: Page;
let faults: string[];

beforeAll(async () => {
  const opened = await openApplication(async (at) => {
    await smallServer(join(at, 'web01.img'), {
      table: 'gpt',
      files: { '/etc/network/interfaces': 'auto eth0\niface eth0 inet static\n  address 192.0.2.10/24\n' },
    });
    await writeFile(join(at, 'notes.img'), 'this is no disk\n'.repeat(5000));
  });
  ({ folder, home, page, faults } = opened);
  page.setDefaultTimeout(PATIENCE);
  return opened.close;
});
afterEach(() => {
  expect(faults).toEqual([]);
});

async function accessible(): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await axe(page)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

describe('a conversion', () => {
  it('refuses what is no disk, with the reason and what to do', async () => {
    await go(page, '#/convert');
    await page.getByRole('heading', { name: 'Nothing was converted yet' }).waitFor();
    await accessible();
    await page.getByRole('link', { name: 'Convert a server…' }).click();
    await pickFile(page, 'Choose files…', 'notes.img');
    await page.getByText('These disks cannot be converted').waitFor();
    await page.getByText('No operating system was found on disk0 (unknown content).').waitFor();
    // In words of the screen, not of the command line.
    await page
      .getByText('can be copied with “Prepare the system for its new hardware” switched off')
      .waitFor();
    await accessible();
    await next(page);
    await page.getByRole('radio', { name: /^KVM/u }).check();
    // The folder is missing yet, and the step says so.
    expect(await page.getByRole('button', { name: 'Next', exact: true }).getAttribute('title')).toBe(
      'Choose where the machine is written.',
    );
    await page.getByRole('button', { name: 'Source', exact: true }).click();
    await page.getByRole('button', { name: 'Remove notes.img' }).click();
  });

  it('goes from the disk to a machine that was compared and accepted, and every step can be read', async () => {
    const before = await sha256(join(home, 'web01.img'));
    await chooseAll(page, { disk: 'web01.img', platform: 'Proxmox VE', folder: 'web01' });
    await page.getByRole('button', { name: 'Options', exact: true }).click();
    await page.getByLabel('Processors').fill('3');
    await page.getByLabel('Processors').blur();
    await page.getByLabel('Connected to').selectOption('Network of the site (bridge)');
    await page.getByRole('textbox', { name: 'Network' }).fill('vmbr1');
    await page.getByRole('textbox', { name: 'Network' }).blur();
    await page.getByText('changed from default').first().waitFor();
    await accessible();
    // What is typed survives a reload of the page.
    await page.reload();
    expect(await page.getByLabel('Processors').inputValue()).toBe('3');
    await next(page);
    await page.getByText('It can start;', { exact: false }).waitFor();
    const bridge = page.getByRole('listitem').filter({ hasText: 'Will it keep its addresses?' });
    await bridge.getByText('Warning', { exact: true }).waitFor();
    await bridge.getByText('Switch the original server off', { exact: false }).waitFor();
    await accessible();
    await next(page);
    const hardware = page.getByRole('region', { name: 'Hardware, old and new' });
    await hardware.getByText('3 virtual CPUs').waitFor();
    await page.getByText('/dev/sda1 is named by UUID in /etc/fstab.').waitFor();
    await accessible();
    await page.getByRole('button', { name: 'Convert 1 disk' }).click();
    await page
      .getByText('The disks are copied, read again and found equal, and the system is prepared.')
      .waitFor();
    await accessible();
    await next(page);
    await page.getByText('Whether services answer', { exact: false }).waitFor();
    await accessible();
    await next(page);
    await page.getByRole('button', { name: 'Accept the machine' }).click();
    await page.getByText('Say who accepts it.').waitFor();
    await page.getByLabel('Accepted by').fill('A. Beck');
    await page.getByLabel('Note').fill('Looked at the login.');
    await accessible();
    await page.getByRole('button', { name: 'Accept the machine' }).click();
    await page
      .getByRole('region', { name: 'Result', exact: true })
      .getByText('Accepted by A. Beck')
      .waitFor();
    await accessible();

    // What the page shows is what is there, and what is there is sound.
    const out = join(home, 'web01');
    const manifest = await readManifest(out);
    const [disk] = manifest.disks;
    const image = join(out, disk!.file);
    expect(manifest.machine).toMatchObject({ cpus: 3, nics: [{ mode: 'bridged', network: 'vmbr1' }] });
    expect(disk!.verified).toBe(true);
    await page
      .getByRole('definition')
      .filter({ hasText: await sha256(image) })
      .waitFor();
    await page.getByText('Read again and found equal', { exact: true }).waitFor();
    await run('qemu-img', ['check', image]);
    await run('e2fsck', ['-fn', await rootVolume(image, 190)]);
    expect(await sha256(join(home, 'web01.img'))).toBe(before);

    await page.getByRole('link', { name: 'Conversions' }).click();
    const row = page.getByRole('row').filter({ hasText: 'web01' });
    await row.getByText('Finished').waitFor();
    await row.getByText('Accepted').waitFor();
    await accessible();
  });

  it('is killed half way, and goes on after a reload to the same result', async () => {
    const data = randomBytes((LARGE_MIB / 2) * MIB);
    await smallServer(join(home, 'db01.img'), {
      sizeMiB: LARGE_MIB,
      files: {
        '/etc/hostname': 'db01\n',
        '/var/lib/data.bin': data,
      },
    });
    await chooseAll(page, { disk: 'db01.img', platform: 'KVM', folder: 'db01' });
    await next(page);
    await page.getByRole('button', { name: 'Convert 1 disk' }).click();
    const out = join(home, 'db01');
    const bar = page.getByRole('main').getByRole('progressbar', { name: 'Convert db01', exact: false });
    await expect
      .poll(async () => Number(await bar.getAttribute('aria-valuenow')), {
        interval: 20,
        timeout: PATIENCE,
      })
      .toBeGreaterThan(10);
    kill(out);
    await page.getByText('Its process ended before it was done.', { exact: false }).waitFor();
    expect(await readdir(out)).not.toContain('ironlift.json');
    await page.reload();
    await page.getByText('Its process ended before it was done.', { exact: false }).waitFor();
    await accessible();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page
      .getByText('The disks are copied, read again and found equal, and the system is prepared.')
      .waitFor();

    const { disks } = await readManifest(out);
    expect(disks[0]!.verified).toBe(true);
    const root = await rootVolume(join(out, disks[0]!.file), LARGE_MIB - 2);
    await run('e2fsck', ['-fn', root]);
    await run('debugfs', ['-R', `dump /var/lib/data.bin ${join(folder, 'data.bin')}`, root]);
    expect(await sha256(join(folder, 'data.bin'))).toBe(createHash('sha256').update(data).digest('hex'));
  });

  it('can be gone through by keys alone', async () => {
    await go(page, '#/convert');
    const press = async (key: string, times = 1): Promise<void> => {
      for (let time = 0; time < times; time++) await page.keyboard.press(key);
    };
    /** Tabs on until what has the focus is called so: round and round, since what was asked for may come a moment later. */
    const to = async (name: RegExp): Promise<void> => {
      const last = Date.now() + PATIENCE;
      while (Date.now() < last) {
        const found = await page.evaluate(() => {
          const element = document.activeElement;
          // While nothing has the focus it is the whole page's, and that says everything.
          if (element === null || element === document.body) return '';
          const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
          return [
            element.getAttribute('aria-label'),
            element.textContent,
            ...labels.map((label) => label.textContent),
          ]
            .map((text) => text?.trim() ?? '')
            .filter((text) => text !== '')
            .join(' | ');
        });
        if (name.test(found)) return;
        await press('Tab');
      }
      throw new Error(`No key leads to ${String(name)}.`);
    };
    await to(/^Convert a server…$/u);
    await press('Enter');
    await to(/^Choose files…/u);
    await press('Enter');
    await page.getByRole('dialog').waitFor();
    await to(/^web01\.img$/u);
    await press('Enter');
    await to(/^Choose$/u);
    await press('Enter');
    await page.getByRole('region', { name: 'What is on the disks' }).waitFor();
    await to(/^Next$/u);
    await press('Enter');
    await to(/^KVM/u);
    await press(' ');
    await to(/^Choose a folder…/u);
    await press('Enter');
    await page.getByRole('dialog').waitFor();
    await to(/Name of a new folder/u);
    await page.keyboard.type('by-keys');
    await to(/^Choose this folder$/u);
    await press('Enter');
    await page.getByText('/home/by-keys').first().waitFor();
    await to(/^Next$/u);
    await press('Enter');
    await to(/^Next$/u);
    await press('Enter');
    await page.getByRole('list', { name: 'Checks' }).waitFor();
    await to(/^Next$/u);
    await press('Enter');
    await page.getByRole('region', { name: 'Hardware, old and new' }).waitFor();
    await to(/^Convert 1 disk$/u);
    await press('Enter');
    await page.getByText('found equal, and the system is prepared', { exact: false }).waitFor();
    expect((await readManifest(join(home, 'by-keys'))).disks[0]!.verified).toBe(true);
  });
});

describe('disk images and activity', () => {
  it('looks into an image, checks it, compares it and writes it in another format', async () => {
    await go(page, '#/images');
    await pickFile(page, 'Choose an image…', 'web01.img');
    await page.getByText('Raw disk image').first().waitFor();
    await accessible();
    await page.getByRole('button', { name: 'Check it' }).click();
    await page.getByText('Sound', { exact: true }).waitFor();
    await pickFile(page, 'Compare with…', 'notes.img');
    await page.getByText('The disks differ', { exact: false }).waitFor();
    await page.getByRole('radio', { name: 'VHDX', exact: false }).check();
    await page.getByRole('button', { name: 'Choose where and write…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save here' }).click();
    await page.getByText('Read again and found equal', { exact: true }).waitFor();
    await accessible();
    await run('qemu-img', ['compare', join(home, 'web01.img'), join(home, 'web01.vhdx')]);
  });

  it('tells what ran and who asked for it, and exports it without names', async () => {
    await go(page, '#/activity');
    await page.getByRole('heading', { name: 'Write web01.img as web01.vhdx' }).waitFor();
    await accessible();
    await page.getByRole('tab', { name: 'Audit trail' }).click();
    const trail = page.getByRole('grid', { name: 'Audit trail' });
    await trail.getByText('machine accepted').waitFor();
    await page.getByLabel('Show', { exact: true }).selectOption('Errors');
    await page.getByText('machine accepted').waitFor({ state: 'detached' });
    await accessible();
    await page.getByRole('tab', { name: 'Export' }).click();
    const preview = page.getByRole('region', { name: 'What it would hold' }).last();
    await expect.poll(() => preview.innerText(), { timeout: PATIENCE }).toContain('machine accepted');
    expect(await preview.innerText()).not.toContain('web01.img');
    await accessible();
    await page.getByRole('button', { name: 'Save the log…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Save here' }).click();
    await page.getByText('was saved', { exact: false }).waitFor();
    const saved = readFileSync(join(home, 'ironlift-log.ndjson'), 'utf8');
    expect(saved).toContain('machine accepted');
    expect(saved).not.toContain('web01.img');
  });
});

/** The volume at 1 MiB of an image, as a file. */
async function rootVolume(image: string, sizeMiB: number): Promise<string> {
  const raw = join(folder, 'raw.img');
  await run('qemu-img', ['convert', '-O', 'raw', image, raw]);
  const root = join(folder, 'root.ext4');
  await run('dd', [`if=${raw}`, `of=${root}`, 'bs=1M', 'skip=1', 'conv=sparse', 'status=none']);
  await truncate(root, sizeMiB * MIB);
  return root;
}

/** Ends the one process that has files of this folder open, as a power cut would. */
function kill(of: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/u.test(name))) {
    try {
      const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (!open.some((path) => path.startsWith(`${of}/`))) continue;
      process.kill(Number(pid), 'SIGKILL');
      return;
    } catch {
      // Gone, or of somebody else.
    }
  }
  throw new Error(`No process has a file of ${of} open.`);
}
