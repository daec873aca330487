import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  isFatDrive,
  isFatMount,
  LARGEST_FAT_FILE,
  largestFile,
} from '../../../migration-core/convert/largest-file.ts';
import { planLayouts } from '../../../migration-core/convert/layout.ts';
import { targets } from '../../../migration-core/target/table.ts';
import { formatById } from '../../../migration-core/image/table.ts';
import { scratchFolder } from '../../support/tools.ts';

const GIB = 2 ** 30;
const plan = (id: string, allocation: 'thin' | 'thick' | 'split2g', sizes: number[], limit = Infinity) =>
  planLayouts({ format: formatById(id)!, allocation, sizes, largestFile: limit });

describe('planLayouts', () => {
  it('takes the default of the allocation, for each disk by its size', () => {
    expect(plan('vmdk', 'thin', [GIB, 3 * 2 ** 40])).toEqual({
      layouts: [
        { allocation: 'thin', subformat: 'monolithicSparse' },
        { allocation: 'thin', subformat: 'twoGbMaxExtentSparse' },
      ],
      findings: [],
    });
    expect(plan('vmdk', 'thick', [GIB]).layouts).toEqual([
      { allocation: 'thick', subformat: 'monolithicFlat' },
    ]);
    expect(plan('qcow2', 'thick', [GIB]).layouts).toEqual([{ allocation: 'thick', subformat: 'qcow2' }]);
  });

  it('splits where that is asked for, or says which formats can be split', () => {
    expect(plan('vmdk', 'split2g', [GIB])).toEqual({
      layouts: [{ allocation: 'thin', subformat: 'twoGbMaxExtentSparse' }],
      findings: [],
    });
    for (const id of ['qcow2', 'raw'])
      expect(plan(id, 'split2g', [GIB]).findings).toMatchObject([
        { severity: 'blocker', code: 'NOT_SUPPORTED', next: expect.stringContaining('vmdk') as string },
      ]);
  });

  it('splits by itself on media that hold no large files, and says so', () => {
    for (const [allocation, subformat] of [
      ['thin', 'twoGbMaxExtentSparse'],
      ['thick', 'twoGbMaxExtentFlat'],
    ] as const) {
      const { layouts, findings } = plan('vmdk', allocation, [5 * GIB], LARGEST_FAT_FILE);
      expect(layouts).toEqual([{ allocation, subformat }]);
      expect(findings).toMatchObject([{ severity: 'info', code: 'DESTINATION_SPLIT' }]);
    }
    expect(plan('vmdk', 'thin', [4 * GIB - 512], LARGEST_FAT_FILE).findings).toEqual([]);
    expect(plan('vmdk', 'split2g', [5 * GIB], LARGEST_FAT_FILE).findings).toEqual([]);
  });

  it('refuses there what is one file', () => {
    expect(plan('qcow2', 'thin', [4 * GIB - 512], LARGEST_FAT_FILE).findings).toEqual([]);
    for (const id of ['qcow2', 'raw'])
      expect(plan(id, 'thin', [GIB, 4 * GIB], LARGEST_FAT_FILE).findings).toMatchObject([
        { severity: 'blocker', code: 'DESTINATION_UNUSABLE' },
      ]);
  });

  it('takes what the platform takes: above 8 TiB a VMDK is for ESXi alone', () => {
    const TIB = 2 ** 40;
    const layout = (id: string, allocation: 'thin' | 'thick', size: number) =>
      planLayouts({
        format: formatById('vmdk')!,
        allocation,
        accepted: targets.find((target) => target.id === id)!.subformats?.['vmdk'],
        sizes: [size],
        largestFile: Infinity,
      });
    expect(layout('vmware-workstation', 'thin', TIB).layouts[0]!.subformat).toBe('monolithicSparse');
    expect(layout('vmware-workstation', 'thin', 8 * TIB).layouts[0]!.subformat).toBe('twoGbMaxExtentSparse');
    expect(layout('vmware-workstation', 'thick', 8 * TIB).layouts[0]!.subformat).toBe('monolithicFlat');
    for (const allocation of ['thin', 'thick'] as const) {
      expect(layout('vmware-workstation', allocation, 9 * TIB).findings).toMatchObject([
        { severity: 'blocker', code: 'IMAGE_TOO_LARGE', message: expect.stringContaining('8 TiB') as string },
      ]);
      expect(layout('vmware-esxi', allocation, 9 * TIB)).toEqual({
        layouts: [{ allocation, subformat: 'vmfs' }],
        findings: [],
      });
      expect(layout('virtualbox', allocation, 9 * TIB).findings[0]!.code).toBe('IMAGE_TOO_LARGE');
    }
    expect(layout('vmware-esxi', 'thin', 63 * TIB).findings[0]!.code).toBe('IMAGE_TOO_LARGE');
  });

  it('refuses what is too large for the format, before anything is written', () => {
    expect(plan('vmdk', 'split2g', [9 * 2 ** 40]).findings).toMatchObject([
      { severity: 'blocker', code: 'IMAGE_TOO_LARGE' },
    ]);
  });
});

describe('largestFile', () => {
  it('knows nothing against the file system of this machine, for folders to come too', async () => {
    const folder = await scratchFolder();
    expect(await largestFile(folder)).toBe(Infinity);
    expect(await largestFile(`${folder}/a/b/c`)).toBe(Infinity);
    expect(await largestFile('/dev/null/a')).toBe(Infinity);
  });

  // Neither system is at hand: these are the words their tools are documented to have.
  it('asks mount on macOS: the closest mount point decides', async () => {
    const mounts = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
/dev/disk4s1 on /Volumes/STICK (msdos, local, nodev, nosuid, noowners, noatime, fskit)
/dev/disk5s1 on /Volumes/STICK (old) 2 (exfat, local, nodev)
/dev/disk6s1 on /Volumes/STICK/inner (apfs)
`;
    expect(isFatMount(mounts, '/Volumes/STICK')).toBe(true);
    expect(isFatMount(mounts, '/Volumes/STICK/web01')).toBe(true);
    expect(isFatMount(mounts, '/Volumes/STICK2')).toBe(false);
    expect(isFatMount(mounts, '/Volumes/STICK (old) 2/x')).toBe(false);
    expect(isFatMount(mounts, '/Volumes/STICK/inner/x')).toBe(false);
    expect(isFatMount(mounts, '/Users/me')).toBe(false);
    expect(isFatMount('', '/')).toBe(false);
    const folder = await realpath(await scratchFolder());
    const asked: string[] = [];
    const run = async (program: string): Promise<string> => {
      asked.push(program);
      return `/dev/disk4s1 on ${folder} (msdos, local)\n`;
    };
    expect(await largestFile(join(folder, 'a/b'), { platform: 'darwin', run })).toBe(LARGEST_FAT_FILE);
    expect(asked).toEqual(['/sbin/mount']);
  });

  it('has no limit where the tool has no answer', async () => {
    const run = async (): Promise<string> => {
      throw new Error('no such program');
    };
    for (const platform of ['darwin', 'win32', 'freebsd'] as const)
      expect(await largestFile(await scratchFolder(), { platform, run })).toBe(Infinity);
  });

  it('asks .NET for the drive on Windows', async () => {
    const answers = async (path: string, said: string): Promise<[boolean, string[]]> => {
      const asked: string[] = [];
      const fat = await isFatDrive(async (program, args) => {
        asked.push(program, args.at(-1)!);
        return said;
      }, path);
      return [fat, asked];
    };
    expect(await answers('E:\\vms\\web01', 'FAT32\r\n')).toEqual([
      true,
      ['powershell.exe', "[System.IO.DriveInfo]::new('E').DriveFormat"],
    ]);
    for (const said of ['NTFS', 'exFAT', 'ReFS', ''])
      expect((await answers('e:\\vms', `${said}\r\n`))[0]).toBe(false);
    expect(await answers('\\\\server\\share\\x', 'FAT32')).toEqual([false, []]);
  });
});
