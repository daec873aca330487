/** What a person is told who asks the study for something that is not there: what is, and how to come by it. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';
import { named, newFile, T0 } from '../store/support.ts';

/** Two servers, one of them Ann's; to be called within a test. */
async function estate(): Promise<void> {
  folder = await scratchFolder();
  const file = await newFile();
  const { id } = file.server(named('web1'), T0);
  file.putAnnotations(id, { owner: 'Ann' });
  file.server(named('web2'), T0);
  path = file.path;
}

let path: string;
let folder: string;
const refused = async (...args: string[]): Promise<string> => {
  const { status, out, err } = await ironlift([...args, '--engagement', path]);
  expect([status, out]).toEqual([2, '']);
  return /Error: .*/su.exec(err)![0].replace(/\s+/gu, ' ').trim();
};

describe('a report', () => {
  const report = (...args: string[]): Promise<string> =>
    refused('report', '-o', join(folder, 'out'), '--format', 'md', ...args);

  it('is not written about an owner of nothing', async () => {
    await estate();
    expect(await report('--owner', 'Bob')).toBe(
      'Error: No server has the owner Bob. What to do: Name one of them as they were told: Ann. (USAGE)',
    );
    expect(existsSync(join(folder, 'out', 'report.md'))).toBe(false);
  });
  it('is not written as a language has it that nobody knows', async () => {
    await estate();
    for (const tag of ['xx-klingon', '!'])
      expect(await report('--locale', tag)).toContain(
        `--locale takes the tag of a language that is known, such as en-GB or de-DE, not ${tag}.`,
      );
  });
});

describe('an assessment', () => {
  it('of a server that is not there says where the names are', async () => {
    await estate();
    const next =
      'What to do: `ironlift servers --engagement FILE` lists the names; put one with blanks or signs into quotation marks. (USAGE)';
    expect(await refused('assess', 'web9')).toBe(`Error: There is no server web9 in the engagement. ${next}`);
    expect(await refused('servers', 'web9')).toBe(`Error: There is no server web9 in ${path}. ${next}`);
  });
  it('by a profile that is not there names those that are', async () => {
    await estate();
    expect(await refused('assess', '--profile', 'bold')).toContain(
      'Error: --profile takes conservative, balanced and aggressive, not bold.',
    );
  });
  it('by settings that are wrong says so in a sentence', async () => {
    await estate();
    const settings = join(folder, 'settings.json');
    await writeFile(settings, JSON.stringify({ name: 'x', profile: 'bold', years: 'two' }));
    const { status, err } = await ironlift(['assess', '--settings', settings, '--engagement', path]);
    expect(status).toBe(3);
    expect(err.replace(/\s+/gu, ' ')).toMatch(
      /The scenario is not valid: profile: Invalid option: [^→✖]* and years: Invalid input: [^→✖]*\. What to do: /u,
    );
  });
});
