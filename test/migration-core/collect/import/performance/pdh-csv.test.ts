import { describe, expect, it } from 'vitest';
import { at, importText } from '../../../../support/imports.ts';

const row = (...cells: string[]): string => `${cells.map((cell) => `"${cell}"`).join(',')}\r\n`;
const ZONE = '(PDH-CSV 4.0) (W. Europe Standard Time)(-60)';

const GERMAN = [
  row(
    ZONE,
    String.raw`\\SRV\Prozessor(_Total)\Prozessorzeit (%)`,
    String.raw`\\SRV\Prozessor(0)\Prozessorzeit (%)`,
    String.raw`\\SRV\Arbeitsspeicher\Verfügbare MB`,
    String.raw`\\SRV\Physikalischer Datenträger(0 C:)\Lesevorgänge/s`,
    String.raw`\\SRV\Netzwerkschnittstelle(Broadcom NetXtreme _2)\Empfangene Bytes/Sek.`,
  ),
  row('05/31/2024 13:00:00.500', ' ', ' ', '512', ' ', ' '),
  row('05/31/2024 13:05:00.500', '12,5', '99', '1024', '3', '4,25'),
].join('');

/** Bytes of the upper half of the two code pages of the console. */
const OEM: Record<string, number> = { ä: 0x84, ü: 0x81 };
const oem = (text: string): Buffer =>
  Buffer.from([...text].map((character) => OEM[character] ?? character.charCodeAt(0)));

describe('Performance Monitor logs', () => {
  it.each([
    ['UTF-8', Buffer.from(GERMAN, 'utf8')],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${GERMAN}`, 'utf8')],
    ['code page 1252', Buffer.from(GERMAN, 'latin1')],
    ['code page 850', oem(GERMAN)],
    ['UTF-16', Buffer.from(GERMAN, 'utf16le')],
    ['UTF-16 with a byte order mark', Buffer.from(`\uFEFF${GERMAN}`, 'utf16le')],
    ['UTF-16, high bytes first', Buffer.from(`\uFEFF${GERMAN}`, 'utf16le').swap16()],
  ])('German, decimal commas, %s', async (_, bytes) => {
    const { importer, series, samples } = await importText('log.csv', bytes);
    expect(importer).toBe('pdh-csv');
    const [first, second] = [at('2024-05-31T12:00:00.500Z'), at('2024-05-31T12:05:00.500Z')];
    expect(
      Object.fromEntries([...series].map(([key, { times, values }]) => [key, { times, values }])),
    ).toEqual({
      'SRV cpu.busy': { times: [second], values: [12.5] },
      'SRV memory.available': { times: [first, second], values: [512 * 2 ** 20, 2 ** 30] },
      'SRV disk.readOperations 0 C:': { times: [second], values: [3] },
      'SRV nic.receivedBytes Broadcom NetXtreme _2': { times: [second], values: [4.25] },
    });
    expect(samples).toBe(5);
  });

  it.each([
    [
      'French',
      String.raw`\Processeur(_Total)\% temps processeur`,
      String.raw`\Mémoire\Octets disponibles`,
      String.raw`\Disque physique(_Total)\Taille de file d’attente du disque actuelle`,
    ],
    [
      'Spanish',
      String.raw`\Procesador(_Total)\% de tiempo de procesador`,
      String.raw`\Memoria\Bytes disponibles`,
      String.raw`\Disco físico(_Total)\Longitud actual de la cola de disco`,
    ],
    [
      'Russian',
      String.raw`\Процессор(_Total)\% загруженности процессора`,
      String.raw`\Память\Доступно байт`,
      String.raw`\Физический диск(_Total)\Текущая длина очереди диска`,
    ],
  ])('%s names', async (_, cpu, memory, queue) => {
    const text =
      row(ZONE, ...[cpu, memory, queue].map((name) => `\\\\S${name}`)) +
      row('01/02/2024 00:00:00.000', '1', '2', '3');
    const { series } = await importText('log.csv', text);
    expect([...series].map(([key, { values }]) => [key, values[0]])).toEqual([
      ['S cpu.busy', 1],
      ['S memory.available', 2],
      ['S disk.queue *', 3],
    ]);
  });

  it('keeps several hosts apart, prefers means to moments and physical disks to logical ones', async () => {
    const text =
      row(
        ZONE,
        String.raw`\\A\Processor(_Total)\% Processor Time`,
        String.raw`\\B\Processor Information(_Total)\% Processor Time`,
        String.raw`\\A\LogicalDisk(C:)\Disk Reads/sec`,
        String.raw`\\A\PhysicalDisk(0 C:)\Disk Reads/sec`,
        String.raw`\\A\PhysicalDisk(0 C:)\% Disk Time`,
        String.raw`\\A\PhysicalDisk(0 C:)\% Idle Time`,
        String.raw`\\B\LogicalDisk(D:)\Disk Reads/sec`,
        String.raw`\\A\Process(sql(1)\x)\Working Set`,
      ) + row('05/31/2024 13:00:00.000', '100.0000001', '2', '3', '4', '250', '75', '7', '8');
    const { series, said } = await importText('log.csv', text);
    expect(Object.fromEntries([...series].map(([key, { values }]) => [key, values[0]]))).toEqual({
      'A cpu.busy': 100,
      'A disk.readOperations 0 C:': 4,
      'A disk.busy 0 C:': 25,
      'B cpu.busy': 2,
      'B disk.readOperations D:': 7,
      [String.raw`A process.memory sql(1)\x`]: 8,
    });
    expect(said).not.toContain('outside');
  });

  it('a malformed line costs that line', async () => {
    const text =
      row(ZONE, String.raw`\\A\Memory\Pages/sec`, String.raw`\\A\System\Processor Queue Length`) +
      row('05/31/2024 13:00:00.000', '1', '2') +
      row('05/31/2024 13:05:00.000', '1') +
      row('13/31/2024 13:10:00.000', '1', '2') +
      '"05/31/2024 13:15:00.000","1,"2"\r\n' +
      row('05/31/2024 13:20:00.000', 'many', '3') +
      'garbage\0\xff\r\n' +
      row('05/31/2024 13:25:00.000', '4', '5');
    const { series, problems } = await importText('log.csv', text);
    expect(series.get('A paging.hardFaults')!.values).toEqual([1, 4]);
    expect(series.get('A cpu.queue')!.values).toEqual([2, 3, 5]);
    expect(problems.map((problem) => problem.at)).toEqual([3, 4, 5, 6, 7]);
  });

  it('asks for nothing where the zone is unknown, and says so', async () => {
    const text = row('(PDH-CSV 4.0)', String.raw`\\A\Memory\Pages/sec`) + row('05/31/2024 13:00:00.000', '1');
    const assumed = await importText('log.csv', text);
    expect(assumed.series.get('A paging.hardFaults')!.times).toEqual([at('2024-05-31T13:00Z')]);
    expect(assumed.said).toContain('no time zone');
    const told = await importText('log.csv', text, { utcOffsetMinutes: 120 });
    expect(told.series.get('A paging.hardFaults')!.times).toEqual([at('2024-05-31T11:00Z')]);
    expect(told.said).toBe('');
  });

  it('names what JavaScript has too are names', async () => {
    const imported = await importText(
      'a.csv',
      '"(PDH-CSV 4.0) (UTC)(0)","\\\\__proto__\\Memory\\Available Bytes","\\\\__proto__\\constructor(a)\\toString"\r\n"05/31/2024 13:00:00.000","5","6"\r\n',
    );
    expect([...imported.series.keys()]).toEqual(['__proto__ memory.available']);
    expect(imported.said).toContain('left out: constructor.');
  });

  it('says when there is nothing to use', async () => {
    const text = row(ZONE, String.raw`\\A\Telephony\Lines`) + row('05/31/2024 13:00:00.000', '1');
    await expect(importText('log.csv', text)).rejects.toMatchObject({ code: 'IMPORT_DAMAGED' });
  });
});
