import { describe, expect, it } from 'vitest';
import { windowsBundle } from '../../../../../migration-core/collect/import/inventory/windows-bundle.ts';
import { pdhTime, splitCsv } from '../../../../../migration-core/collect/windows/performance.ts';
import { fileInput, folderInput, imported, zipOf } from '../../../../support/import-input.ts';
import { performanceLog, WINDOWS_RECORDS, windowsBundleFiles } from '../../../../support/windows-bundle.ts';

const zipped = (files: Record<string, string>, separator = '/'): Buffer =>
  zipOf(
    Object.entries(files).map(([name, content]) => ({
      name: `ironlift-SRV-SQL01-20261120T080000Z/${name}`.replaceAll('/', separator),
      content,
    })),
  );

describe('the result of the Windows collector', () => {
  it('gives the same from a folder, from a .zip file, and from one with backslashes', async () => {
    const files = windowsBundleFiles({ performance: performanceLog(30) });
    const folder = folderInput('ironlift-SRV-SQL01', files);
    const archive = fileInput('bundle.zip', zipped(files));
    expect(windowsBundle.recognise(folder)).toBe(3);
    expect(windowsBundle.recognise(archive)).toBe(3);
    const ofFolder = await imported(windowsBundle, folder);
    expect(ofFolder.problems).toEqual([]);
    expect(ofFolder.observedAt).toEqual([Date.UTC(2026, 10, 20, 8)]);
    expect(ofFolder.inventories[0]!.identity.name).toBe('srv-sql01');
    expect(await imported(windowsBundle, archive)).toEqual(ofFolder);
    expect(await imported(windowsBundle, fileInput('b.zip', zipped(files, '\\')))).toEqual(ofFolder);
  });

  it('reads the performance log in UTC, with memory in use from what the server has', async () => {
    const files = windowsBundleFiles({ performance: performanceLog(30) });
    const { samples } = await imported(windowsBundle, folderInput('b', files));
    const series = new Map(samples[0]!.batches.map((batch) => [`${batch.metric} ${batch.instance}`, batch]));
    expect([...series.keys()]).toEqual([
      'cpu.busy ',
      'memory.available ',
      'memory.used ',
      'memory.total ',
      'disk.readOperations 0 C:',
      'disk.busy 0 C:',
      'nic.receivedBytes HP Ethernet [1] "x"',
    ]);
    const busy = series.get('cpu.busy ')!;
    expect(busy.times[0]).toBe(Date.UTC(2026, 10, 20, 8, 0));
    expect(busy.interval).toBe(60);
    expect([...busy.values.slice(0, 3)]).toEqual([Number.NaN, 1.5, 2.5]);
    expect(series.get('disk.busy 0 C:')!.values[1]).toBe(2.5);
    expect(series.get('memory.used ')!.values[5]).toBe(67_081_736 * 1024 - 2 ** 30);
    expect(samples[0]!.server).toBe('srv-sql01');
  });

  it('survives a collector that was ended in the middle of a line', async () => {
    const whole = performanceLog(30);
    const files = windowsBundleFiles({ performance: whole.slice(0, -40) });
    delete files['parts/Win32_Volume.jsonl'];
    files['manifest.json'] = files['manifest.json']!.replace('"finishedAt":"2026-11-20T09:00:00Z",', '');
    const { samples, problems, inventories } = await imported(windowsBundle, folderInput('b', files));
    expect(samples[0]!.batches[0]!.times).toHaveLength(30);
    expect(problems).toMatchObject([
      { message: 'The part Win32_Volume is missing from the bundle.' },
      { at: 32, unit: 'line' },
    ]);
    expect(inventories[0]!.services).toHaveLength(3);
  });

  it('counts each record that it cannot use, and keeps the others', async () => {
    const good = WINDOWS_RECORDS['Win32_Service']!.map((record) => JSON.stringify(record));
    const lines = { Win32_Service: [good[0], '{"Name":', '{"Name":{}}', good[1], '7', good[2]].join('\n') };
    const { problems, inventories } = await imported(
      windowsBundle,
      folderInput('b', windowsBundleFiles({ lines })),
    );
    expect(problems.map(({ at }) => at)).toEqual([2, 3, 5]);
    expect(problems[0]!.excerpt).toBe('{"Name":');
    expect(inventories[0]!.services).toHaveLength(3);
  });

  it('says which parts were changed, and which Windows would not tell', async () => {
    const records = { Win32_Process: WINDOWS_RECORDS['Win32_Process']! };
    const files = windowsBundleFiles({ records, failed: { Win32_EncryptableVolume: 'Zugriff verweigert' } });
    const changed = 'parts/Win32_Process.jsonl';
    files[changed] = `${files[changed]!}{"ProcessId":4,"Name":"System"}\n`;
    const { problems, inventories } = await imported(windowsBundle, folderInput('b', files));
    expect(problems.map(({ message }) => message)).toEqual([
      'The part Win32_Process was changed after it was collected.',
    ]);
    expect(inventories[0]!.gaps[0]).toMatchObject({
      part: 'Win32_EncryptableVolume',
      why: 'Windows did not answer: Zugriff verweigert',
    });
  });

  it('keeps names of strangers as they are', async () => {
    const hostile = '\u001b[31m<img src=x onerror=alert(1)>\u0000=cmd|calc';
    const records = {
      ...WINDOWS_RECORDS,
      Win32_Service: [{ Name: hostile, DisplayName: '__proto__', StartMode: 'Auto', State: 'Running' }],
      Uninstall: [{ DisplayName: hostile, DisplayVersion: 'constructor' }],
    };
    const { inventories, problems } = await imported(
      windowsBundle,
      folderInput('b', windowsBundleFiles({ records })),
    );
    expect(problems).toEqual([]);
    expect(inventories[0]!.services![0]).toMatchObject({ name: hostile, title: '__proto__' });
    expect(inventories[0]!.software![0]).toEqual({ name: hostile, version: 'constructor' });
  });

  it('takes no file outside of the bundle, whatever the manifest says', async () => {
    const files = windowsBundleFiles();
    files['manifest.json'] = files['manifest.json']!.replace('parts/Uninstall.jsonl', '../../etc/passwd');
    const { problems } = await imported(windowsBundle, folderInput('b', files));
    expect(problems.map(({ message }) => message)).toEqual([
      'The part Uninstall is missing from the bundle.',
    ]);
  });

  it('refuses what is no bundle, or a newer one', async () => {
    const read = (files: Record<string, string>): Promise<unknown> =>
      imported(windowsBundle, folderInput('b', files));
    await expect(read({ 'manifest.json': '{' })).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
    await expect(read({ 'manifest.json': '{}' })).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
    await expect(read({ 'other.txt': '' })).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
    const newer = windowsBundleFiles()['manifest.json']!.replace('"version":1', '"version":2');
    await expect(read({ 'manifest.json': newer })).rejects.toMatchObject({ code: 'IMPORT_NOT_SUPPORTED' });
    expect(windowsBundle.recognise(folderInput('b', { 'manifest.json': '{}' }))).toBe(0);
    expect(windowsBundle.recognise(fileInput('x.zip', 'PK'))).toBe(0);
  });

  it('reads a long log without holding it', async () => {
    const files = windowsBundleFiles({ performance: performanceLog(50_000) });
    const { samples } = await imported(windowsBundle, folderInput('b', files));
    expect(samples.length).toBeGreaterThan(1);
    expect(samples.reduce((sum, { batches }) => sum + batches[0]!.times.length, 0)).toBe(50_001);
  });
});

describe('lines of the performance log', () => {
  it('are read as they are written', () => {
    expect(splitCsv('"a","b ""c""",""')).toEqual(['a', 'b "c"', '']);
    expect(splitCsv('"a","b')).toBeNull();
    expect(splitCsv('"a"b')).toBeNull();
    expect(splitCsv('a,b')).toBeNull();
    expect(pdhTime('02/28/2026 23:59:59.999')).toBe(Date.UTC(2026, 1, 28, 23, 59, 59, 999));
    expect(pdhTime('02/30/2026 10:00:00.000')).toBeNaN();
    expect(pdhTime('13/01/2026 10:00:00.000')).toBeNaN();
    expect(pdhTime('2026-01-01')).toBeNaN();
  });
});
