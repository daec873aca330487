import { describe, expect, it } from 'vitest';
import { wmiDump } from '../../../../../migration-core/collect/import/inventory/wmi-dump.ts';
import { parseRegistryExport, parseWmicList } from '../../../../../migration-core/collect/windows/wmic.ts';
import { fileInput, folderInput, imported } from '../../../../support/import-input.ts';

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const lines = (...all: string[]): string => all.map((line) => `${line}\r\r\n`).join('');

const CPU = lines(
  '',
  '',
  'DeviceID=CPU0',
  'Name=Intel(R) Pentium(R) III processor',
  'MaxClockSpeed=3000',
  'SocketDesignation=Proc 1',
  'SystemName=ALT01',
  '',
  '',
  'DeviceID=CPU1',
  'Name=Intel(R) Pentium(R) III processor',
  'MaxClockSpeed=3000',
  'SocketDesignation=Proc 1',
  'SystemName=ALT01',
);

describe('output of wmic', () => {
  it('knows that Windows 2003 lists threads, and takes the name from the registry', async () => {
    const registry = `Windows Registry Editor Version 5.00\r\n\r\n${[0, 1]
      .map(
        (number) =>
          `[HKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\${number}]\r\n"ProcessorNameString"="Intel(R) Xeon(R) CPU            5160  @ 3.00GHz"\r\n"~MHz"=dword:00000bb8\r\n"Component"=hex:00,01,\\\r\n  02,03\r\n\r\n`,
      )
      .join('')}`;
    const { inventories, problems } = await imported(
      wmiDump,
      folderInput('dump', {
        'alt-Win32_Processor.wmi': utf16(CPU),
        'alt-CentralProcessor.reg': utf16(registry),
        'neu-Win32_OperatingSystem.txt': lines(
          'Caption=Microsoft Windows Server 2019',
          'OSArchitecture=64 бит',
        ),
      }),
    );
    expect(problems).toEqual([]);
    expect(inventories.map(({ identity }) => identity.name)).toEqual(['ALT01', 'neu']);
    expect(inventories[0]!.processors).toEqual([
      { model: 'Intel(R) Xeon(R) CPU 5160 @ 3.00GHz', sockets: 1, threads: 2, megahertz: 3000 },
    ]);
    expect(inventories[0]!.gaps.map(({ part }) => part)).toEqual(['processors.cores']);
    expect(inventories[1]!.operatingSystem!.architecture).toBe('x86_64');
  });

  it('finds the class of a file without name by what only it has', async () => {
    const text = lines('Caption=x', 'InterleavePosition=1', 'Capacity=1073741824');
    expect(wmiDump.recognise(fileInput('out.txt', utf16(text)))).toBe(2);
    const { inventories } = await imported(wmiDump, fileInput('out.txt', utf16(text)), { serverName: 'db' });
    expect(inventories[0]).toMatchObject({ identity: { name: 'db' }, memoryBytes: 2 ** 30 });
    await expect(imported(wmiDump, fileInput('notes.txt', 'a=b\nc=d'))).rejects.toMatchObject({
      code: 'IMPORT_DAMAGED',
    });
    expect(wmiDump.recognise(fileInput('notes.txt', 'a=b\nc=d'))).toBe(0);
  });

  it('loses a record that is wrong, and counts it', async () => {
    const text = `${CPU}${lines('', 'DeviceID=CPU2', 'NumberOfCores=many')}`;
    const { inventories, problems } = await imported(wmiDump, fileInput('a-Win32_Processor.wmi', text));
    expect(problems).toMatchObject([{ unit: 'line', at: 16 }]);
    expect(inventories[0]!.processors![0]!.threads).toBe(2);
  });

  it('reads lists, marks and values of several lines', () => {
    const { records, problems } = parseWmicList(
      lines(
        'A={"x","y &amp; z"}',
        'B={7}',
        'C={FD7B5BF5-2E4B-4CA4-0000-F633D86283A1}',
        'D=PCI\\VEN_1&amp;DEV_2',
        'E=one',
        'two',
        '__proto__=polluted',
        'F=a=b',
      ),
    );
    expect(problems).toEqual([]);
    expect({ ...records[0]!.fields }).toEqual({
      A: ['x', 'y & z'],
      B: ['7'],
      C: '{FD7B5BF5-2E4B-4CA4-0000-F633D86283A1}',
      D: 'PCI\\VEN_1&DEV_2',
      E: 'one\ntwo',
      ['__proto__']: 'polluted',
      F: 'a=b',
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('registry exports', () => {
  it('are read with their quotes, numbers and continued values', () => {
    const { keys, problems } = parseRegistryExport(
      [
        'Windows Registry Editor Version 5.00',
        '',
        '[HKEY_LOCAL_MACHINE\\A]',
        '@="default"',
        '"path"="C:\\\\x \\"y\\""',
        '"number"=dword:000000ff',
        '"binary"=hex(7):41,00,\\',
        '  42,00,\\',
        '  00,00',
        '"text"="first',
        'second"',
        'nonsense',
        '[HKEY_LOCAL_MACHINE\\B',
        '"after"="still A"',
      ].join('\r\n'),
    );
    expect(keys).toHaveLength(1);
    expect({ ...keys[0]!.values }).toEqual({
      '@': 'default',
      path: 'C:\\x "y"',
      number: 255,
      text: 'first\nsecond',
      after: 'still A',
    });
    expect(problems.map(({ line }) => line)).toEqual([12, 13]);
  });

  it('do not hang on long lines', () => {
    const started = performance.now();
    for (const text of ['\\'.repeat(200_000), '"a"="', '"a"="\\'.repeat(30_000), '"="'.repeat(80_000)])
      parseRegistryExport(`REGEDIT4\n[A]\n${`${text}\n`.repeat(20)}`);
    parseWmicList(`A=${'\r'.repeat(1 << 20)}x`);
    parseWmicList(`A={"${'x","'.repeat(60_000)}\n`.repeat(20));
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
