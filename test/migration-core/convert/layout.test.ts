import { describe, expect, it } from 'vitest';
import { LARGEST_FAT_FILE, largestFile } from '../../../migration-core/convert/largest-file.ts';
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
});
