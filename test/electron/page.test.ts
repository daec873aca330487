import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../electron/page.ts';
import { scratchFolder } from '../support/tools.ts';

describe('the list of files of the page', () => {
  it('holds what a page is made of, by its address', async () => {
    const folder = await scratchFolder();
    await mkdir(join(folder, 'page/assets'), { recursive: true });
    await writeFile(join(folder, 'page/index.html'), 'index');
    await writeFile(join(folder, 'page/assets/a.js'), 'a');
    await writeFile(join(folder, 'page/assets/a.js.map'), 'left away');
    await writeFile(join(folder, 'page/program.exe'), 'left away');
    await writeFile(join(folder, 'secret.txt'), 'secret');
    await symlink(join(folder, 'secret.txt'), join(folder, 'page/link.txt'));
    await symlink(folder, join(folder, 'page/up'));
    const page = await readPage(join(folder, 'page'));
    expect([...page.keys()].sort()).toEqual(['/', '/assets/a.js', '/index.html']);
    expect(page.get('/')!.type).toBe('text/html; charset=utf-8');
    expect(Buffer.from(page.get('/assets/a.js')!.bytes).toString()).toBe('a');
  });

  it.each(['no folder', 'no index'])('says what to do where it was not built: %s', async (how) => {
    const folder = await scratchFolder();
    if (how === 'no index') await writeFile(join(folder, 'a.js'), 'a');
    await expect(readPage(how === 'no index' ? folder : join(folder, 'missing'))).rejects.toMatchObject({
      code: 'PAGE_NOT_BUILT',
      message: 'The page of the application has not been built.',
      next: 'Run `npm run build` in the folder of Ironlift, then start it again.',
    });
  });
});
