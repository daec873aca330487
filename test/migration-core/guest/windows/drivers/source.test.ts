/** Driver sources: what is in them, and what each Windows gets of it. */
import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DriverPackage } from '../../../../../migration-core/guest/windows/driver-package.ts';
import { isPlainName } from '../../../../../migration-core/guest/windows/drivers/inf/files.ts';
import { packageOf } from '../../../../../migration-core/guest/windows/drivers/inf/package.ts';
import { parseInf } from '../../../../../migration-core/guest/windows/drivers/inf/syntax.ts';
import { mergePackages } from '../../../../../migration-core/guest/windows/drivers/select.ts';
import { openDriverSource } from '../../../../../migration-core/guest/windows/drivers/source.ts';
import { scan } from '../../../../../migration-core/guest/windows/drivers/source/scan.ts';
import type { SourceTree } from '../../../../../migration-core/guest/windows/drivers/source/tree.ts';
import { WINDOWS_NAMES } from '../../../../../migration-core/guest/windows/drivers/windows-names.ts';
import { driverFolder, manyBuilds, writeFiles, type Packages } from '../../../../support/driver-folder.ts';
import { infText } from '../../../../support/driver-packages.ts';
import { scratchFolder } from '../../../../support/tools.ts';

async function packagesFor(
  path: string,
  name: string,
  architecture: 'x86' | 'amd64' | 'arm64' = 'amd64',
): Promise<DriverPackage[]> {
  const windows = WINDOWS_NAMES.find((one) => one.name === name)!;
  const source = await openDriverSource(path);
  try {
    return await source.packagesFor({ ...windows, architecture });
  } finally {
    await source.close();
  }
}

describe('a source with a build for each Windows', () => {
  const expected: [name: string, architecture: 'x86' | 'amd64' | 'arm64', folder: string | null][] = [
    ['xp', 'x86', 'viostor/xp/x86'],
    ['xp', 'amd64', null],
    ['2003', 'x86', 'viostor/2k3/x86'],
    ['2003', 'amd64', 'viostor/2k3/amd64'],
    ['vista', 'amd64', 'viostor/2k8/amd64'],
    ['2008', 'amd64', 'viostor/2k8/amd64'],
    ['2008', 'x86', 'viostor/2k3/x86'],
    ['7', 'amd64', 'viostor/w7/amd64'],
    ['7', 'x86', 'viostor/w7/x86'],
    ['2008r2', 'amd64', 'viostor/2k8R2/amd64'],
    ['8', 'amd64', 'viostor/w8/amd64'],
    ['2012', 'amd64', 'viostor/2k12/amd64'],
    ['8.1', 'amd64', 'viostor/w8.1/amd64'],
    ['2012r2', 'amd64', 'viostor/2k12R2/amd64'],
    ['10', 'amd64', 'viostor/w10/amd64'],
    ['2016', 'amd64', 'viostor/2k16/amd64'],
    ['2019', 'amd64', 'viostor/2k19/amd64'],
    ['2022', 'amd64', 'viostor/2k22/amd64'],
    ['11', 'amd64', 'viostor/w11/amd64'],
    ['11', 'arm64', 'viostor/w11/arm64'],
    ['2025', 'amd64', 'viostor/2k25/amd64'],
    // There is a build for Windows 7 only, which Windows 10 for x86 takes.
    ['10', 'x86', 'viostor/w7/x86'],
    ['2012r2', 'arm64', null],
  ];

  it('gives each its own, never one for a later Windows', async () => {
    const root = await driverFolder(manyBuilds(['viostor']));
    const got: typeof expected = [];
    for (const [name, architecture] of expected) {
      const packages = await packagesFor(root, name, architecture);
      expect(packages.length).toBeLessThanOrEqual(1);
      got.push([name, architecture, packages[0]?.source.split(': ')[1] ?? null]);
    }
    expect(got).toEqual(expected);
  });

  it('gives a Windows between two of them the one before', async () => {
    const root = await driverFolder(manyBuilds(['viostor']));
    const source = await openDriverSource(root);
    const folders: (string | undefined)[] = [];
    for (const [build, server] of [
      [19045, false],
      [26100, false],
      [18363, true],
    ] as const) {
      const [found] = await source.packagesFor({
        ntVersion: '10.0',
        build,
        server,
        architecture: 'amd64',
      });
      folders.push(found?.source.split(': ')[1]);
    }
    await source.close();
    expect(folders).toEqual(['viostor/w10/amd64', 'viostor/w11/amd64', 'viostor/2k19/amd64']);
  });
});

describe('a source without such folders', () => {
  const packages: Packages = {
    old: { name: 'viostor', architecture: 'amd64', decoration: '.6.1', version: '61.1.1.1' },
    newer: { name: 'viostor', architecture: 'amd64', decoration: '.10.0', version: '50.0.0.0' },
    newest: { name: 'viostor', architecture: 'amd64', decoration: '.10.0...20348', version: '40.0.0.0' },
    network: { name: 'netkvm', architecture: 'amd64', decoration: '.6.1', version: '1.2' },
    network2: { name: 'netkvm', architecture: 'amd64', decoration: '.6.1', version: '1.10' },
    network3: {
      name: 'netkvm',
      architecture: 'amd64',
      decoration: '.6.1',
      version: '1.1',
      date: '07/29/2024',
    },
    x86: { name: 'netkvm', architecture: 'x86', decoration: null },
  };
  const folders = async (name: string, architecture: 'x86' | 'amd64' = 'amd64'): Promise<string[]> =>
    (await packagesFor(await driverFolder(packages), name, architecture)).map(
      ({ source }) => source.split(': ')[1]!,
    );

  it('goes by the decoration, then by date, then by version', async () => {
    expect(await folders('2008')).toEqual([]);
    expect(await folders('7')).toEqual(['network3', 'old']);
    expect(await folders('2019')).toEqual(['newer', 'network3']);
    expect(await folders('2022')).toEqual(['newest', 'network3']);
    expect(await folders('10', 'x86')).toEqual(['x86']);
  });

  it('compares versions as numbers', async () => {
    const root = await driverFolder({ network: packages['network']!, network2: packages['network2']! });
    expect((await packagesFor(root, '7')).map(({ version }) => version)).toEqual(['1.10']);
  });
});

describe('a package', () => {
  it('has all its files with what they are, and reads them', async () => {
    const root = await driverFolder({ a: { name: 'viostor', architecture: 'amd64', directory: '13' } });
    const [found] = await packagesFor(root, '2022');
    expect(found).toMatchObject({ inf: 'viostor.inf', signature: 'sha2', problems: [] });
    expect(found!.files.map(({ name, path, destination }) => [name, path, destination])).toEqual([
      ['viostor.inf', 'viostor.inf', 'other'],
      ['viostor.cat', 'viostor.cat', 'other'],
      ['viostor.sys', 'viostor.sys', 'store'],
    ]);
    for (const file of found!.files) expect((await file.read()).length).toBe(file.bytes);
  });

  it('tells what is missing', async () => {
    const root = await driverFolder({
      a: { name: 'viostor', architecture: 'amd64', without: ['viostor.sys', 'viostor.cat'] },
    });
    const [found] = await packagesFor(root, '2022');
    expect(found).toMatchObject({
      signature: 'none',
      problems: ['its file viostor.sys is not in the source'],
    });
  });

  it('finds files in any letters, in the folders of the INF or beside it', async () => {
    const root = await scratchFolder();
    const inf = infText({ name: 'viostor', architecture: 'amd64' }).replace('1 = %DISK%,,,""', '1=d,,,\\Bin');
    const content = Buffer.from('x');
    await writeFiles(root, { 'one/VIOSTOR.INF': inf, 'one/bin/ViOsToR.SyS': content });
    await writeFiles(root, { 'two/netkvm.inf': inf.replaceAll('1AF4', 'FFFF'), 'two/viostor.sys': content });
    const packages = await packagesFor(root, '2022');
    expect(packages.map(({ files }) => files.map(({ path }) => path))).toEqual([
      ['VIOSTOR.INF', 'Bin/viostor.sys'],
      ['netkvm.inf', 'viostor.sys'],
    ]);
  });
});

it('gives a device that two sources know to the first of them', async () => {
  const first = await packagesFor(
    await driverFolder({ a: { name: 'viostor', architecture: 'amd64', version: '1.0' } }),
    '2022',
  );
  const second = await packagesFor(
    await driverFolder({
      a: { name: 'viostor', architecture: 'amd64', version: '2.0' },
      b: { name: 'netkvm', architecture: 'amd64', version: '2.0' },
    }),
    '2022',
  );
  expect(mergePackages([first, second]).map(({ inf, version }) => `${inf} ${version}`)).toEqual([
    'viostor.inf 1.0',
    'netkvm.inf 2.0',
  ]);
});

describe('what is no driver source', () => {
  const refusal = async (path: string): Promise<string> => {
    const error = await openDriverSource(path).then(
      () => null,
      (reason: unknown) => reason as Error & { next: string },
    );
    return `${error?.message ?? 'opened'} ${error?.next ?? ''}`;
  };

  it('is refused by its name', async () => {
    const root = await scratchFolder();
    const at = (name: string): string => join(root, name);
    const write = async (name: string, content: string): Promise<string> => {
      await writeFile(at(name), Buffer.from(content, 'latin1'));
      return at(name);
    };
    expect(await refusal(at('nothing'))).toBe(
      `The driver source ${at('nothing')} cannot be used: it is not there. Check the path.`,
    );
    expect(await refusal(await write('a.exe', 'MZ'))).toBe(
      `The driver source ${at('a.exe')} cannot be used: it is a program. Let the program unpack its drivers into a folder, and name that.`,
    );
    expect(await refusal(await write('a.zip', 'PK\u0003\u0004'))).toContain('it is a .zip file. Unpack it');
    expect(await refusal(await write('a.cab', 'MSCF\0'))).toContain('it is a cabinet (.cab).');
    expect(await refusal(await write('a.msi', '\u00d0\u00cf\u0011\u00e0'))).toContain(
      'it is an installer (.msi).',
    );
    expect(await refusal(await write('empty', ''))).toContain('it is no CD image.');
    expect(await refusal('/dev/null')).toContain('it is neither a folder nor a file.');
    await mkdir(at('folder'));
    expect(await refusal(at('folder'))).toContain('there is no INF file in it. Name the folder or CD image');
    await writeFile(join(at('folder'), 'setup64.exe'), 'MZ');
    expect(await refusal(at('folder'))).toContain('for VMware Tools: setup64.exe /A /P FOLDER');
  });

  it('is not walked round in circles', async () => {
    const root = await driverFolder({ a: { name: 'viostor', architecture: 'amd64' } });
    await symlink('..', join(root, 'a', 'up'));
    await symlink('nowhere', join(root, 'a', 'gone.inf'));
    const source = await openDriverSource(root);
    expect((await source.list()).map(({ path }) => path)).toEqual(['a/viostor.inf']);
    await source.close();
  });
});

describe('what a stranger put into a source', () => {
  it('does not bring files of this computer into the guest by links', async () => {
    const outside = await scratchFolder();
    await writeFile(join(outside, 'secret.sys'), 'of this computer');
    await writeFile(join(outside, 'secret.inf'), infText({ name: 'netkvm', architecture: 'amd64' }));
    const root = await driverFolder({
      a: { name: 'viostor', architecture: 'amd64', without: ['viostor.sys'] },
      b: { name: 'vioscsi', architecture: 'amd64', without: ['vioscsi.sys'] },
    });
    await symlink(join(outside, 'secret.sys'), join(root, 'a', 'viostor.sys'));
    await symlink(join(outside, 'secret.inf'), join(root, 'a', 'netkvm.inf'));
    await writeFile(join(root, 'whole.sys'), 'of the source');
    await symlink(join('..', 'whole.sys'), join(root, 'b', 'vioscsi.sys'));
    const packages = await packagesFor(root, '2022');
    expect(packages.map(({ inf, problems }) => [inf, problems])).toEqual([
      ['viostor.inf', ['its file viostor.sys is not in the source']],
      ['vioscsi.inf', []],
    ]);
    const linked = packages[1]!.files.find(({ name }) => name === 'vioscsi.sys')!;
    expect(Buffer.from(await linked.read()).toString()).toBe('of the source');
  });

  it('is told where an INF would take for ever or fill the memory, and the others are used', async () => {
    const head = '[Version]\nClass=Net\n[Manufacturer]\nA=M,NTamd64\n[M.NTamd64]\n';
    const many = Array.from({ length: 400 }, (_, i) => i);
    const root = await driverFolder({ a: { name: 'viostor', architecture: 'amd64' } });
    await writeFiles(root, {
      // Four letters stand for four thousand, a hundred thousand times.
      'bomb.inf': `${head}d=I,PCI\\VEN_1\n[I]\n${`CopyFiles=${'%a%,'.repeat(4000)}\n`.repeat(30)}[Strings]\na="${'x'.repeat(4090)}"\n`,
      // Every section has the same values added to a service of its own.
      'hang.inf': [
        ...[head, ...many.map((i) => `d=I${i},PCI\\VEN_${i}`)],
        ...many.map((i) => `[I${i}.Services]\nAddService=s${i},2,S${i}\n[I${i}]\n[S${i}]`),
        ...many.map((i) => `[S${i}]\nServiceBinary=x.sys\nAddReg=${'V,'.repeat(400)}V`),
        ...['[V]', ...many.map((i) => `HKLM,,v${i},,x`)],
      ].join('\n'),
    });
    const begun = performance.now();
    expect((await packagesFor(root, '2022')).map(({ inf }) => inf)).toEqual(['viostor.inf']);
    expect(performance.now() - begun).toBeLessThan(10_000);
    const windows = { ntVersion: '10.0', build: 20348, architecture: 'amd64', server: true } as const;
    const whys = ['bomb.inf', 'hang.inf'].map((name) => {
      try {
        return packageOf(parseInf(readFileSync(join(root, name)), name), windows);
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(whys).toEqual([
      'bomb.inf cannot be used: its strings are longer than those of any INF file.',
      'hang.inf cannot be used: its sections name each other without an end.',
    ]);
  });

  it('is looked at in part where folders lie in themselves, or one INF has too many names', async () => {
    const long = 'd'.repeat(200);
    let folders = 0;
    const endless: SourceTree = {
      list: async () => {
        folders++;
        return [
          { name: long, type: 'directory', size: 0 },
          { name: 'x.inf', type: 'file', size: 100 },
        ];
      },
      read: async () => new Uint8Array(),
      close: async () => undefined,
    };
    expect((await scan(endless)).cut).toBe(true);
    expect(folders).toBeLessThan(8);
    const copies: SourceTree = {
      ...endless,
      list: async () =>
        Array.from({ length: 1000 }, (_, i) => ({ name: `${i}.inf`, type: 'file', size: 4 << 20 })),
    };
    const { infs, cut } = await scan(copies);
    expect([infs.length, cut]).toEqual([64, true]);
  });
});

it.each(['con', 'AUX.sys', 'nul.tar.gz', 'com1', 'LPT9.sys', 'com\u00b9.sys', 'prn .sys', 'CONIN$'])(
  'takes no file that Windows would take for a device: %s',
  (name) => {
    expect(isPlainName(name)).toBe(false);
    expect(['x', '.sys', '1.sys', 'sole.sys'].every((end) => isPlainName(`console${end}`))).toBe(true);
  },
);

it('lists every INF, and says of a bad one why', async () => {
  const root = await driverFolder({
    'viostor/w10/amd64': { name: 'viostor', architecture: 'amd64', decoration: '.10.0' },
    'netkvm/xp/x86': { name: 'netkvm', architecture: 'x86', decoration: null },
  });
  await writeFiles(root, {
    'autorun.inf': '[autorun]',
    'bad.inf': 'no inf',
    'class.inf': '[Version]\nClass=X',
  });
  const source = await openDriverSource(root);
  const shared = { provider: 'Example, Inc.', date: '2024-07-28', version: '100.95.104.26200' };
  const nothing = { provider: '', className: '', date: '', version: '', decorations: [] };
  expect(await source.list()).toEqual([
    { ...nothing, path: 'bad.inf', problem: 'bad.inf cannot be used: it has no sections.' },
    { ...nothing, path: 'class.inf', className: 'X', problem: 'It names no devices.' },
    { ...shared, path: 'netkvm/xp/x86/netkvm.inf', className: 'Net', decorations: ['none'], problem: null },
    {
      ...shared,
      path: 'viostor/w10/amd64/viostor.inf',
      className: 'SCSIAdapter',
      decorations: ['NTamd64.10.0'],
      problem: null,
    },
  ]);
  await source.close();
});
