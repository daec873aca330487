/** Real outputs of real servers, counted a second time by grep, awk and Python. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseLspci } from '../../../../../migration-core/collect/linux/lspci.ts';
import type { ServerInventory } from '../../../../../migration-core/store/model/inventory.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../../../support/shared.ts';
import { needTools, run, scratchFolder, tryRun } from '../../../../support/tools.ts';
import { folderInput, importFrom, textInput } from './unix-input.ts';

beforeAll(() => needTools('tar', 'xz', 'python3', 'grep', 'awk'));

async function unpack(archive: string): Promise<string> {
  const folder = await scratchFolder();
  await run('tar', ['-xJf', sharedPath(`inventory/${archive}`), '-C', folder]);
  return folder;
}

const read = (folder: string, name: string): Buffer => readFileSync(join(folder, name));
const grepCount = async (pattern: string, file: string): Promise<number> =>
  Number((await tryRun('grep', ['-cE', pattern, file])).stdout);

/** The same facts by Python, which splits the file at its empty lines and knows nothing of our reader. */
const DMIDECODE_BY_PYTHON = `
import json, re, sys
blocks = open(sys.argv[1], encoding='utf-8', errors='replace').read().split('\\n\\n')
def of(kind): return [b for b in blocks if re.search(r'DMI type %d,' % kind, b)]
def get(block, key):
    found = re.search(r'^\\t%s: *(.*?) *$' % re.escape(key), block, re.M)
    return found.group(1) if found else None
unit = {'MB': 2**20, 'GB': 2**30, 'kB': 2**10}
sizes = [get(b, 'Size').split() for b in of(17) if get(b, 'Size') and get(b, 'Size')[0].isdigit()]
cpus = [b for b in of(4) if (get(b, 'Status') or '').startswith('Populated')]
total = lambda key: sum(int(get(b, key)) for b in cpus if get(b, key))
print(json.dumps({
  'vendor': get(of(1)[0], 'Manufacturer'), 'model': get(of(1)[0], 'Product Name'), 'serial': get(of(1)[0], 'Serial Number'),
  'uuid': get(of(1)[0], 'UUID').lower(), 'bios': get(of(0)[0], 'Version'),
  'modules': len(sizes), 'memory': sum(int(n) * unit[u] for n, u in sizes),
  'sockets': len(cpus), 'cores': total('Core Enabled'), 'threads': total('Thread Count'), 'cpu': get(cpus[0], 'Version'),
}))`;

describe.skipIf(!hasShared)(`real inventories ${NEEDS_SHARED}`, () => {
  test('dmidecode of thirteen servers, by Python', async () => {
    const folder = join(await unpack('dmidecode-netbox-agent.tar.xz'), 'dmidecode-netbox-agent');
    const files = readdirSync(folder);
    expect(files.length).toBe(13);
    for (const file of files) {
      const { importer, inventory, problems } = await importFrom(textInput(file, read(folder, file)));
      const by = JSON.parse(await run('python3', ['-c', DMIDECODE_BY_PYTHON, join(folder, file)])) as Record<
        string,
        never
      >;
      expect(importer).toBe('dmidecode');
      expect(problems).toEqual([]);
      expect(inventory, file).toMatchObject({
        vendor: by['vendor'],
        model: by['model'],
        memoryBytes: by['memory'],
        firmware: { version: by['bios'] },
      });
      expect(inventory.memoryModules?.length, file).toBe(by['modules']);
      expect(inventory.processors?.length).toBe(1);
      const { sockets, cores, threads, model } = inventory.processors![0]!;
      expect({ sockets, cores, threads }, file).toEqual({
        sockets: by['sockets'],
        cores: by['cores'],
        threads: by['threads'],
      });
      expect(model).toBe(by['cpu']);
      expect(inventory.identity.serial).toBe(by['serial']);
      // One has the default of its board's maker, which is no identity.
      expect(inventory.identity.smbiosUuid).toBe(file === 'unknown.txt' ? undefined : by['uuid']);
    }
  });

  test('lshw: JSON and XML of one server say the same, and Python counts the same', async () => {
    const json = await importFrom(
      textInput('lshw.json', readFileSync(sharedPath('inventory/hp-dl360p/lshw.json'))),
      'dl360p',
    );
    const xmlText = await run('xz', ['-dc', sharedPath('inventory/hp-dl360p/lshw.xml.xz')]);
    const xml = await importFrom(textInput('lshw.xml', xmlText), 'dl360p');
    expect([json.importer, xml.importer]).toEqual(['lshw', 'lshw']);
    expect(xml.inventory).toEqual(json.inventory);
    const by = JSON.parse(
      await run('python3', [
        '-c',
        `
import json, sys
def walk(n):
    yield n
    for c in n.get('children', []): yield from walk(c)
nodes = list(walk(json.load(open(sys.argv[1]))))
banks = [n for n in nodes if n['id'].startswith('bank') and n.get('size')]
print(json.dumps({'banks': len(banks), 'memory': sum(n['size'] for n in banks),
  'cores': sum(int(n['configuration']['enabledcores']) for n in nodes if n['class'] == 'processor'),
  'pci': sum(n.get('businfo', '').startswith('pci@') for n in nodes),
  'usb': sum(n.get('businfo', '').startswith('usb@') for n in nodes),
  'drivers': sum('driver' in n.get('configuration', {}) for n in nodes if n.get('businfo', '')[:4] in ('pci@', 'usb@')),
  'disks': sorted({n['logicalname'] for n in nodes if n['class'] == 'disk'}), 'volumes': sum(n['class'] == 'volume' for n in nodes)}))`,
        sharedPath('inventory/hp-dl360p/lshw.json'),
      ]),
    ) as Record<string, unknown>;
    const { inventory } = json;
    expect(inventory.memoryModules?.length).toBe(by['banks']);
    expect(inventory.memoryBytes).toBe(by['memory']);
    expect(inventory.processors?.[0]).toMatchObject({
      sockets: 2,
      cores: by['cores'],
      threads: 32,
      hardwareVirtualization: true,
    });
    const devices = inventory.devices!;
    expect(devices.filter(({ bus }) => bus === 'pci').length).toBe(by['pci']);
    expect(devices.filter(({ bus }) => bus === 'usb').length).toBe(by['usb']);
    expect(devices.filter(({ driver }) => driver !== undefined).length).toBe(by['drivers']);
    expect(inventory.disks?.map(({ name }) => `/dev/${name}`).sort()).toEqual(by['disks']);
    expect(inventory.volumes?.length).toBe(by['volumes']);
    expect(inventory.volumes?.find(({ mountPoint }) => mountPoint === '/')?.name).toBe('sda3');
    expect(inventory).toMatchObject({
      vendor: 'HP',
      model: 'ProLiant DL360p Gen8 (763480-B21)',
      firmware: { version: 'P71' },
    });
  });

  test('lspci in three forms says the same of each address; counts by grep', async () => {
    const folder = await scratchFolder();
    const list = sharedPath('inventory/hp-dl360p/lspci.nn.txt');
    const verboseFile = join(folder, 'lspci.vvvnn.txt');
    writeFileSync(
      verboseFile,
      await run('xz', ['-dc', sharedPath('inventory/hp-dl360p/lspci.vvvnn.txt.xz')]),
    );
    const [plain, verbose, tree] = await Promise.all(
      [list, verboseFile, sharedPath('inventory/hp-dl360p/lspci.tvnn.txt')].map(async (file) => {
        const { importer, inventory, problems } = await importFrom(
          textInput('lspci.txt', readFileSync(file)),
          'dl360p',
        );
        expect(importer).toBe('lspci');
        expect(problems).toEqual([]);
        return new Map(inventory.devices!.map((device) => [device.address!, device]));
      }),
    );
    expect(plain!.size).toBe(await grepCount('^[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7] ', list));
    expect([...tree!.keys()].sort()).toEqual([...plain!.keys()].sort());
    expect([...verbose!.keys()].sort()).toEqual([...plain!.keys()].sort());
    expect([...verbose!.values()].filter(({ driver }) => driver !== undefined).length).toBe(
      await grepCount('Kernel driver in use', verboseFile),
    );
    const subsystems = new Set(
      (
        await run('awk', [
          '/^[0-9a-f][0-9a-f]:/{d=$1} /Subsystem: .*\\[[0-9a-f]*:[0-9a-f]*\\]/{print d}',
          verboseFile,
        ])
      )
        .trim()
        .split('\n'),
    );
    expect([...verbose!.values()].filter(({ subsystemId }) => subsystemId !== undefined).length).toBe(
      subsystems.size,
    );
    for (const [address, device] of plain!) {
      const { vendorId, deviceId } = verbose!.get(address)!;
      expect([vendorId, deviceId]).toEqual([device.vendorId, device.deviceId]);
      const drawn = tree!.get(address)!;
      if (device.vendorId !== undefined && drawn.vendorId !== undefined)
        expect([drawn.vendorId, drawn.deviceId]).toEqual([device.vendorId, device.deviceId]);
    }
    expect(verbose!.get('0000:02:00.0')).toMatchObject({
      vendorId: '103c',
      deviceId: '323b',
      driver: 'hpsa',
      className: 'RAID bus controller',
      classId: '0104',
    });
  });

  test('lsusb', async () => {
    const file = sharedPath('inventory/hp-dl360p/lsusb.txt');
    const { importer, inventory } = await importFrom(textInput('lsusb.txt', readFileSync(file)), 'dl360p');
    expect(importer).toBe('lsusb');
    expect(inventory.devices?.length).toBe(await grepCount('^Bus ', file));
    expect(inventory.devices?.[0]).toMatchObject({
      address: '002:004',
      vendorId: '0781',
      deviceId: '5583',
      vendor: 'SanDisk Corp.',
    });
  });

  test('nineteen blades as Python tuples, evaluated by Python only here', async () => {
    const folder = join(await unpack('cardiff_19x_BL460cGen8.tar.xz'), 'hardware/tests/cardiff_samples');
    const files = readdirSync(folder);
    expect(files.length).toBe(19);
    const by = JSON.parse(
      await run('python3', [
        '-c',
        `
import ast, json, os, sys
out = {}
for name in os.listdir(sys.argv[1]):
    facts = ast.literal_eval(open(os.path.join(sys.argv[1], name)).read())
    get = lambda a, c: [t[3] for t in facts if t[0] == a and t[2] == c]
    out[name] = {'serial': [t[3] for t in facts if t[:3] == ('system', 'product', 'serial')][0],
      'macs': sorted(get('network', 'serial')), 'memory': sum(int(t[3]) for t in facts if t[0] == 'memory' and t[2] == 'size' and t[1].startswith('bank')),
      'cores': sum(int(t[3]) for t in facts if t[0] == 'cpu' and t[2] == 'enabled_cores'),
      'disks': sorted({t[1] for t in facts if t[0] == 'disk' and t[1].startswith('sd')}),
      'members': sorted({t[1] for t in facts if t[0] == 'disk' and ':' in t[1]})}
print(json.dumps(out))`,
        folder,
      ]),
    ) as Record<
      string,
      { serial: string; macs: string[]; memory: number; cores: number; disks: string[]; members: string[] }
    >;
    for (const file of files) {
      const { importer, inventory, problems } = await importFrom(textInput(file, read(folder, file)));
      expect(importer).toBe('hardware-tuples');
      expect(problems).toEqual([]);
      const expected = by[file]!;
      expect(inventory.identity.serial).toBe(expected.serial);
      expect([...inventory.identity.macs].sort()).toEqual(expected.macs);
      expect(inventory.processors?.[0]).toMatchObject({ sockets: 2, cores: expected.cores, threads: 32 });
      expect(inventory.memoryModules?.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(expected.memory);
      expect(inventory.disks?.map(({ name }) => name).sort()).toEqual(expected.disks);
      expect((inventory.raidControllers?.[0]?.physicalDisks ?? []).map(({ slot }) => slot).sort()).toEqual(
        expected.members,
      );
    }
  });

  test('every output of RAID tools; disks and volumes counted by grep', async () => {
    const folder = join(await unpack('glpi/raid.tar.xz'), 'raid');
    const imported = new Map<string, ServerInventory>();
    for (const file of readdirSync(folder)) {
      if (file === 'README') continue;
      const { importer, inventory, problems } = await importFrom(
        textInput(file, read(folder, file)),
        'server',
      );
      expect(importer, file).toBe('raid-tools');
      // Counts of adapters and sensors of enclosures hold no disk and no controller.
      expect(problems.length, file).toBe(/_(?:EncInfo|adpCount)$/u.test(file) ? 1 : 0);
      imported.set(file, inventory);
    }
    const sum = (file: string, part: 'physicalDisks' | 'logicalDisks'): number =>
      imported.get(file)!.raidControllers!.reduce((total, each) => total + (each[part]?.length ?? 0), 0);
    for (const [file, members, volumes] of [
      ['set1_PDlist', '^Slot Number', '^Virtual Drive:'],
      ['set2_PDlist', '^Slot Number', '^Virtual Drive:'],
      ['set3_PDlist', '^Slot Number', '^Virtual Drive:'],
      ['set4_PDlist', '^Slot Number', '^Virtual Drive:'],
      ['set6_PDlist', '^Slot Number', '^Virtual Drive:'],
      ['set7_PDlist', '^Slot Number', '^Virtual Drive:'],
      ['set6_LDinfo', '^Slot Number', '^Virtual Drive:'],
      ['set7_LDinfo', '^Slot Number', '^Virtual Drive:'],
      ['set1_ShowSummary', 'Capacity +: [1-9]', 'Virtual drive'],
      ['set2_ShowSummary', 'Capacity +: [1-9]', 'Virtual drive'],
      ['set3_ShowSummary', 'Capacity +: [1-9]', 'Virtual drive'],
      ['set4_ShowSummary', 'Capacity +: [1-9]', 'Virtual drive'],
      ['1-ctrl-all-show-config', 'physicaldrive', 'logicaldrive'],
      ['sample1-drives', 'physicaldrive', 'logicaldrive'],
      ['sample2-drives', 'physicaldrive', 'logicaldrive'],
      ['sample3-drives', 'physicaldrive', 'logicaldrive'],
      ['sample1-storage', 'physicaldrive', 'logicaldrive'],
      ['sample2-storage', 'physicaldrive', 'logicaldrive'],
      ['sample3-storage', 'physicaldrive', 'logicaldrive'],
      ['sample', '^a0e', '^a0d'],
      ['sample1', 'phys_id', 'vol_id'],
      ['sample2', 'phys_id', 'vol_id'],
      ['ports', '^p[0-9]', '^u[0-9]'],
      ['units', '^p[0-9]', '^u[0-9]'],
    ] as const) {
      expect(sum(file, 'physicalDisks'), file).toBe(await grepCount(members, join(folder, file)));
      expect(sum(file, 'logicalDisks'), file).toBe(await grepCount(volumes, join(folder, file)));
    }
    // Exact sizes by the sectors in brackets, computed by Python.
    for (const set of ['set1', 'set6', 'set7']) {
      const file = join(folder, `${set}_PDlist`);
      const bytes = JSON.parse(
        await run('python3', [
          '-c',
          `import json,re,sys; print(json.dumps([int(x,16)*512 for x in re.findall(r'Raw Size.*\\[(0x[0-9a-f]+) Sectors', open(sys.argv[1]).read())]))`,
          file,
        ]),
      ) as number[];
      const found = imported
        .get(`${set}_PDlist`)!
        .raidControllers!.flatMap((each) => each.physicalDisks!.map((disk) => disk.bytes));
      expect(found, set).toEqual(bytes);
    }
    expect(imported.get('set6_AdpPciInfo')!.raidControllers![0]!.address).toBe('0000:03:00.0');
    expect(imported.get('set6_LDinfo')!.raidControllers![0]!.logicalDisks!.map(({ level }) => level)).toEqual(
      ['RAID 1', 'RAID 0', 'RAID 10'],
    );
    expect(imported.get('sample1-storage')!.raidControllers![0]!.physicalDisks![0]).toMatchObject({
      slot: '2I:1:1',
      serial: 'WD-WMANS1732855',
      model: 'ATA WDC WD740ADFD-00',
    });
    expect(imported.get('cards')!.raidControllers![0]!.name).toBe('3ware 9650SE-2LP');
  });

  test('a sosreport made of the same outputs is one server', async () => {
    const folder = await scratchFolder();
    const root = join(folder, 'sosreport-db1-2020');
    for (const name of [
      'sos_commands/hardware',
      'sos_commands/pci',
      'sos_commands/host',
      'sos_commands/dpkg',
      'sos_commands/rpm',
      'sos_commands/date',
      'etc',
      'proc',
    ])
      mkdirSync(join(root, name), { recursive: true });
    const dmi = join(await unpack('dmidecode-netbox-agent.tar.xz'), 'dmidecode-netbox-agent/HP_DL380p_Gen8');
    writeFileSync(join(root, 'sos_commands/hardware/dmidecode'), readFileSync(dmi));
    const lspci = `${readFileSync(sharedPath('inventory/hp-dl360p/lspci.nn.txt'), 'utf8')}\nlspci -tv\n${readFileSync(sharedPath('inventory/hp-dl360p/lspci.tvnn.txt'), 'utf8')}`;
    writeFileSync(join(root, 'sos_commands/pci/lspci'), lspci);
    writeFileSync(join(root, 'sos_commands/host/hostname'), 'db1.example.org\n');
    writeFileSync(join(root, 'sos_commands/date/date'), 'Fri Aug  7 06:16:43 UTC 2020\n');
    writeFileSync(
      join(root, 'sos_commands/rpm/sh_-c_rpm_--nodigest_-qa'),
      'bash-4.2.46-34.el7.x86_64      Wed 01 Jan 2020\nperl-Git-1.8.3.1-23.el7_8.noarch  Wed 01 Jan 2020\n',
    );
    writeFileSync(
      join(root, 'etc/os-release'),
      'NAME="CentOS Linux"\nID="centos"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n',
    );
    writeFileSync(join(root, 'etc/redhat-release'), 'CentOS Linux release 7.8.2003 (Core)\n');
    writeFileSync(join(root, 'proc/meminfo'), 'MemTotal:       65000000 kB\n');
    const { importer, inventory, problems } = await importFrom(folderInput(folder));
    expect(importer).toBe('sosreport');
    expect(problems).toEqual(['The report holds no output of /proc/cpuinfo.']);
    expect(inventory).toMatchObject({
      identity: { name: 'db1', fqdn: 'db1.example.org', serial: '4242' },
      model: 'ProLiant DL380p Gen8',
      operatingSystem: { id: 'centos', version: '7.8.2003' },
      memoryBytes: 64 * 2 ** 30,
    });
    expect(inventory.devices?.length).toBe(
      parseLspci(readFileSync(sharedPath('inventory/hp-dl360p/lspci.nn.txt'), 'utf8')).length,
    );
    expect(inventory.software).toEqual([
      { name: 'bash', version: '4.2.46-34.el7' },
      { name: 'perl-Git', version: '1.8.3.1-23.el7_8' },
    ]);
    // The card is there, what is behind it is not known.
    expect(inventory.gaps.map(({ part }) => part)).toContain('raidControllers.physicalDisks');
    expect(inventory.raidControllers?.[0]).toMatchObject({ address: '0000:02:00.0' });
    expect(inventory.raidControllers?.[0]?.physicalDisks).toBeUndefined();
  });
});
