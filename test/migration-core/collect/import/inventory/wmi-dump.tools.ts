/** Real WMI dumps and registry exports of Windows XP to 2019 (GLPI), counted a second time by Python. */
import { describe, expect, it } from 'vitest';
import { wmiDump } from '../../../../../migration-core/collect/import/inventory/wmi-dump.ts';
import { inputFromDisk, imported } from '../../../../support/import-input.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../../support/shared.ts';
import { needTools, run, scratchFolder } from '../../../../support/tools.ts';

/** For each class and server the instances, and for each registry the keys that matter. */
const COUNT = `
import glob, json, os, re, sys
counts = {}
for path in glob.glob(sys.argv[1] + '/**/*', recursive=True):
    name = os.path.basename(path)
    if name.endswith('.wmi'):
        text = open(path, encoding='utf-16').read()
        blocks = [b for b in re.split(r'\\n\\s*\\n', text) if b.strip()]
        server, cls = re.match(r'(.*)-(\\w+)\\.wmi', name).groups()
        counts.setdefault(server, {})[cls] = [dict(l.split('=', 1) for l in b.split('\\n') if '=' in l) for b in blocks]
    if name.endswith('.reg'):
        raw = open(path, 'rb').read()
        text = raw.decode('utf-16' if raw[:2] == b'\\xff\\xfe' else 'utf-8').replace('\\r', '')
        server, key = re.match(r'(.*?)-([^-]*|\\{.*\\})\\.reg', name).groups()
        counts.setdefault(server, {})['logical'] = counts.get(server, {}).get('logical', 0) + len(re.findall(r'(?m)^\\[.*CentralProcessor.\\d+\\]', text))
print(json.dumps(counts))
`;

type Counted = Record<string, Record<string, Record<string, string>[]> & { logical?: number }>;

describe.skipIf(!hasShared)(`WMI dumps of real servers ${NEEDS_SHARED}`, () => {
  it('are imported whole, with the counts that Python finds', async () => {
    needTools('tar', 'xz', 'python3');
    const folder = await scratchFolder();
    for (const name of ['wmi', 'registry'])
      await run('tar', ['-xJf', sharedPath(`inventory/glpi/${name}.tar.xz`), '-C', folder]);
    const counted = JSON.parse(await run('python3', ['-c', COUNT, folder])) as Counted;
    const { inventories, problems } = await imported(wmiDump, inputFromDisk(folder));
    expect(problems).toEqual([]);

    const byFile = new Map<string, (typeof inventories)[number]>();
    // In the order of their first file, as the importer has them.
    const servers = Object.keys(counted).filter((server) =>
      Object.keys(counted[server]!).some((cls) =>
        /^Win32_(?!PhysicalMemoryArray)|^MSFT_|^logical$/u.test(cls),
      ),
    );
    expect(inventories).toHaveLength(servers.length);
    for (const server of servers) {
      const rows = counted[server]!;
      // Each server by itself, for some have the same name.
      const whole = inputFromDisk(folder);
      const entries = whole.entries.filter((entry) => entry.split('/').at(-1)!.startsWith(`${server}-`));
      const alone = await imported(wmiDump, { ...whole, entries });
      expect(alone.inventories, server).toHaveLength(1);
      const [inventory] = alone.inventories as [(typeof inventories)[number]];
      byFile.set(server, inventory);
      const cpus = rows['Win32_Processor'];
      if (cpus !== undefined) {
        const hasCores = cpus.every(
          (cpu) => cpu['NumberOfCores'] !== undefined && cpu['NumberOfCores'] !== '',
        );
        const sum = (field: string): number => cpus.reduce((total, cpu) => total + Number(cpu[field]), 0);
        const threads = inventory.processors!.reduce((total, one) => total + one.threads!, 0);
        expect(threads, server).toBe(hasCores ? sum('NumberOfLogicalProcessors') : cpus.length);
        if (hasCores) {
          const cores = inventory.processors!.reduce((total, one) => total + one.cores!, 0);
          expect(cores, server).toBe(sum('NumberOfCores'));
        }
        const speed = inventory.processors!.every(({ megahertz }) => megahertz! > 1000 && megahertz! < 5000);
        expect(speed, server).toBe(true);
      }
      if (rows['Win32_DiskDrive'] !== undefined)
        expect(inventory.disks!.length, server).toBe(rows['Win32_DiskDrive'].length);
      if (rows['Win32_PhysicalMemory'] !== undefined)
        expect(inventory.memoryBytes, server).toBe(
          rows['Win32_PhysicalMemory']
            .filter((row) => row['MemoryType'] !== '11')
            .reduce((total, row) => total + Number(row['Capacity']), 0),
        );
      const fixed = rows['Win32_Volume'] ?? rows['Win32_LogicalDisk'];
      if (fixed !== undefined)
        expect(inventory.volumes!.length, server).toBe(
          fixed.filter((row) => row['DriveType'] === '3').length,
        );
      const addresses = rows['Win32_NetworkAdapterConfiguration']
        ?.flatMap((row) => [...(row['IPAddress'] ?? '').matchAll(/"([^"]+)"/gu)])
        .map((match) => match[1]!);
      if (addresses !== undefined)
        expect(
          new Set(inventory.networkInterfaces!.flatMap((one) => one.addresses.map((a) => a.split('/')[0]))),
          server,
        ).toEqual(new Set(addresses));
    }
    expect(byFile.get('2003')!.processors![0]).toMatchObject({ sockets: 2, threads: 2 });
    expect(byFile.get('2003')!.processors![0]!.cores).toBeUndefined();
    // WMI says "Pentium III".
    expect(byFile.get('2003SP2')!.processors![0]!.model).toBe('Intel(R) Xeon(R) CPU E5440 @ 2.83GHz');
    expect(byFile.get('2003R2-Hotfix')!.processors![0]).toMatchObject({ sockets: 2, cores: 4, threads: 8 });
    expect(counted['2003R2-Hotfix']!.logical).toBe(8);
    expect(byFile.get('2008-with-2-different-cpus')!.processors).toHaveLength(2);
    expect(byFile.get('win10-crypt')!.volumes!.map(({ encryption }) => encryption)).toEqual([
      'bitlocker',
      undefined,
      undefined,
    ]);
    expect(byFile.get('proxmox')!.virtual).toBe('KVM');
    expect(byFile.get('xp')!.software!.length).toBeGreaterThan(20);
  });
});
