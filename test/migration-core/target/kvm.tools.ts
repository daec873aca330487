/** libvirt judges: its schema, its parser (test driver), and its QEMU driver, which starts the machine paused. */
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseChipset } from '../../../migration-core/target/chipset.ts';
import { domainName } from '../../../migration-core/target/kvm-import.ts';
import { kvm } from '../../../migration-core/target/kvm.ts';
import { fileStem } from '../../../migration-core/target/identity.ts';
import type { VirtualMachine } from '../../../migration-core/target/machine.ts';
import { needTools, run, scratchFolder, tryRun, type Ran } from '../../support/tools.ts';
import { AWKWARD_NAMES, machine } from './machines.ts';

const SHAPES: VirtualMachine[] = [
  ...AWKWARD_NAMES.map((name) => machine({ name })),
  ...(['bios', 'uefi'] as const).flatMap((firmware) =>
    (['virtio-blk', 'virtio-scsi', 'ahci', 'ide'] as const).flatMap((bus) =>
      [1, 2, 4, 8]
        .filter((disks) => bus !== 'ide' || (disks <= 4 && firmware === 'bios'))
        .map((disks, index) =>
          machine({ firmware, bus, disks, nics: index, format: index % 2 === 0 ? 'qcow2' : 'raw' }),
        ),
    ),
  ),
  ...(['virtio-net', 'e1000e', 'e1000'] as const).map((nic) => machine({ nic, nics: 4 })),
  machine({ mode: 'nat' }),
  machine({ mode: 'bridged', network: 'br0' }),
  machine({ mode: 'bridged', network: 'br0', vlan: 42 }),
  machine({ mode: 'host-only', network: 'private' }),
  { ...machine({ bus: 'virtio-scsi', disks: 60 }), clock: 'localtime' },
  { ...machine(), chipset: 'i440fx', architecture: 'i686' },
  { ...machine(), clock: 'localtime', os: { id: 'windows', version: '2022', name: 'Windows Server 2022' } },
];

const domainXml = (subject: VirtualMachine): string => kvm.configure(subject)[0]!.content;
const xpath = async (file: string, expression: string): Promise<string> =>
  (await run('xmllint', ['--xpath', expression, file])).replace(/\n$/, '');

describe('schema and parser of libvirt', () => {
  test(`take all ${SHAPES.length} shapes and read back what was meant`, async () => {
    needTools('virsh', 'virt-xml-validate', 'xmllint');
    const folder = await scratchFolder();
    for (const [index, subject] of SHAPES.entries()) {
      expect(kvm.check(subject).filter(({ severity }) => severity === 'blocker')).toEqual([]);
      const file = join(folder, `${index}.xml`);
      await writeFile(file, domainXml(subject));
      await run('virt-xml-validate', [file, 'domain']);
      const read = await run('virsh', [
        '-q',
        '-c',
        'test:///default',
        `define --validate ${file}; dumpxml ${subject.uuid}`,
      ]);
      const back = join(folder, `${index}.read.xml`);
      await writeFile(back, read.slice(read.indexOf('<domain')));
      expect(await xpath(back, 'string(/domain/name)')).toBe(domainName(subject));
      const shown = await xpath(back, 'string((/domain/title|/domain/name)[last()])');
      expect(shown).toBe(subject.name);
      expect(await xpath(back, 'count(//devices/disk)')).toBe(String(subject.disks.length));
      expect(await xpath(back, 'count(//devices/interface)')).toBe(String(subject.nics.length));
      expect(await xpath(back, 'string(/domain/memory)')).toBe(String(subject.memoryMiB * 1024));
      for (const [place, nic] of subject.nics.entries())
        expect(await xpath(back, `string((//interface/mac)[${place + 1}]/@address)`)).toBe(nic.mac);
      for (const [place, disk] of subject.disks.entries())
        expect(await xpath(back, `string((//disk/source)[${place + 1}]/@file)`)).toContain(`/${disk.file}`);
    }
  });

  test('take the isolated network, which forwards nothing and has no address', async () => {
    const folder = await scratchFolder();
    const [, network] = kvm.configure(machine());
    const file = join(folder, network!.name);
    await writeFile(file, network!.content);
    await run('virt-xml-validate', [file, 'network']);
    const read = await run('virsh', [
      '-q',
      '-c',
      'test:///default',
      `net-define ${file}; net-dumpxml ironlift-isolated`,
    ]);
    expect(read).toContain('<name>ironlift-isolated</name>');
    expect(read).not.toMatch(/<forward|<ip|<dhcp/);
  });

  test('refuse broken files', async () => {
    const folder = await scratchFolder();
    const judge = async (content: string): Promise<[schema: number, parser: number]> => {
      const file = join(folder, 'broken.xml');
      await writeFile(file, content);
      const schema = await tryRun('virt-xml-validate', [file, 'domain']);
      const parser = await tryRun('virsh', ['-q', '-c', 'test:///default', 'define', '--validate', file]);
      return [schema.status, parser.status];
    };
    const good = domainXml(machine());
    expect(await judge(good)).toEqual([0, 0]);
    for (const broken of [
      good.replace('<memballoon', '<memoryballoon'),
      good.replace('/var/lib/libvirt/images/', './'),
      good.replace('3c:52:82', '3d:52:82'),
      good.replace('</devices>', ''),
    ]) {
      const [schema, parser] = await judge(broken);
      expect(schema).not.toBe(0);
      expect(parser).not.toBe(0);
    }
  });

  test('accept the import commands as they are printed', async () => {
    const folder = await scratchFolder();
    const subject = machine({ name: "it's a <name>" });
    for (const file of kvm.configure(subject)) await writeFile(join(folder, file.name), file.content);
    const commands = kvm
      .importSteps(subject)
      .split('\n')
      .filter(
        (line) => line.startsWith('  sudo virsh') && !line.includes('console') && !line.includes('edit'),
      )
      .map((line) => line.trim().replace('sudo virsh ', ''));
    expect(commands.map((line) => line.split(' ')[0])).toEqual([
      'net-define',
      'net-autostart',
      'net-start',
      'define',
      'start',
    ]);
    // One connection, as the test driver forgets everything with it; virsh reads shell quoting in its command strings.
    const said = await run('virsh', ['-c', 'test:///default', commands.join('; ')], { cwd: folder });
    expect(said).toContain('Network ironlift-isolated started');
    expect(said).toContain(`Domain '${subject.name}' started`);
    const shell = await tryRun('bash', ['-n'], { input: commands.join('\n') });
    expect(shell.status).toBe(0);
  });
});

/** Uid of nobody: as root, virsh would look for the daemon of the system. */
const UNPRIVILEGED = 65534;

describe('QEMU driver of libvirt, as an unprivileged user', () => {
  let home = '';

  beforeAll(async () => {
    needTools('virsh', 'setpriv', 'qemu-system-x86_64', 'qemu-img', 'libvirtd');
    // Short: libvirt puts sockets below it, whose paths must stay under 108 bytes.
    home = await mkdtemp(join(tmpdir(), 'il-'));
    await mkdir(join(home, 'run'));
    for (const folder of [home, join(home, 'run')]) {
      await chown(folder, UNPRIVILEGED, UNPRIVILEGED);
      await chmod(folder, 0o700);
    }
  });

  afterAll(async () => {
    // The daemon was started by our first call and holds files in the folder: it is ended by its own pid file.
    const pid = await readFile(join(home, 'run/libvirt/libvirtd.pid'), 'utf8').catch(() => null);
    if (pid !== null) process.kill(Number(pid.trim()));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });

  const virsh = (...args: string[]): Promise<Ran> =>
    tryRun(
      'setpriv',
      [
        `--reuid=${UNPRIVILEGED}`,
        `--regid=${UNPRIVILEGED}`,
        '--clear-groups',
        'virsh',
        '-q',
        '-c',
        'qemu:///session',
        ...args,
      ],
      {
        env: { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
        cwd: home,
      },
    );

  /** What this machine lacks is taken out, for the judge only: KVM, the host's networks, the folder of images. */
  const adapted = (xml: string): string =>
    xml
      .replace('type="kvm"', 'type="qemu"')
      .replace(/ *<cpu mode="host-model".*\n/, '')
      .replace(/<interface type="\w+">/g, '<interface type="user">')
      .replace(/ *<source (network|bridge)=.*\n/g, '')
      .replaceAll('/var/lib/libvirt/images', home);

  test.each([
    machine({ bus: 'virtio-blk', disks: 8, nics: 2 }),
    machine({ bus: 'virtio-scsi', disks: 8, nics: 4, firmware: 'uefi' }),
    machine({ bus: 'ahci', disks: 8, nic: 'e1000e', nics: 2 }),
    machine({ bus: 'ide', disks: 4, nic: 'e1000' }),
    machine({ bus: 'virtio-blk', firmware: 'uefi' }),
    { ...machine({ bus: 'virtio-blk', nics: 3 }), chipset: 'i440fx' as const },
    { ...machine({ bus: 'ahci', disks: 7 }), chipset: 'i440fx' as const },
    machine({ name: AWKWARD_NAMES[3]!, nics: 0 }),
    machine({ name: '仮想化された物理サーバーの名前はとても長い' }),
  ])('defines and starts, paused: $firmware, $disks.0.bus, $nics.0.model ($name)', async (subject) => {
    for (const disk of subject.disks) {
      await run('qemu-img', ['create', '-q', '-f', disk.format, join(home, disk.file), '16M']);
      await chown(join(home, disk.file), UNPRIVILEGED, UNPRIVILEGED);
    }
    const file = join(home, `${fileStem(subject.name)}.xml`);
    await writeFile(file, adapted(domainXml(subject)));
    const defined = await virsh('define', '--validate', file);
    expect(defined.stderr).toBe('');
    try {
      const started = await virsh('start', '--paused', subject.uuid);
      expect(started.stderr).toBe('');
      const live = (await virsh('dumpxml', subject.uuid)).stdout;
      expect(live.match(/<disk /g) ?? []).toHaveLength(subject.disks.length);
      expect(live.match(/<interface /g) ?? []).toHaveLength(subject.nics.length);
      expect(/<loader.*/.exec(live)?.[0] ?? 'BIOS').toMatch(
        subject.firmware === 'uefi' ? /OVMF_CODE(_4M)?\.fd/ : 'BIOS',
      );
      expect(live).toContain(`machine='pc-${chooseChipset(subject).chipset}-`);
    } finally {
      await virsh('destroy', subject.uuid);
      await virsh('undefine', '--nvram', subject.uuid);
    }
  });

  test('refuses what only QEMU can refuse', async () => {
    const judge = async (content: string): Promise<Ran> => {
      const file = join(home, 'broken.xml');
      await writeFile(file, adapted(content));
      return virsh('define', '--validate', file);
    };
    const ide = domainXml(machine({ bus: 'ide' }));
    expect((await judge(ide.replace('machine="pc"', 'machine="q35"'))).stderr).toContain('IDE');
    expect((await judge(domainXml(machine()).replace('machine="q35"', 'machine="q99"'))).status).not.toBe(0);
  });
});
