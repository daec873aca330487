/**
 * Proxmox's own API description judges every option, in the configuration file and in the commands that the script really
 * runs: it is run by bash, with programs in place of qm, pvesh and pct that write down what they are asked for.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { VirtualMachine } from '../../../migration-core/target/machine.ts';
import { PROXMOX_SCRIPT } from '../../../migration-core/target/proxmox-import.ts';
import { proxmox } from '../../../migration-core/target/proxmox.ts';
import { proxmoxProblems, type ProxmoxApi } from '../../support/proxmox.ts';
import { hasShared, NEEDS_SHARED, sharedJson, sharedPath } from '../../support/shared.ts';
import { needTools, run, scratchFolder, tryRun, type Ran } from '../../support/tools.ts';
import { AWKWARD_NAMES, machine } from './machines.ts';

const SHAPES: VirtualMachine[] = [
  ...[...AWKWARD_NAMES, '_a_', "'; touch hacked; '", '$(touch hacked)'].map((name) =>
    machine({ bus: 'virtio-scsi', name }),
  ),
  ...(['virtio-scsi', 'virtio-blk', 'ahci', 'ide'] as const).flatMap((bus) =>
    [1, 4].flatMap((disks) =>
      (['bios', 'uefi'] as const)
        .filter((firmware) => bus !== 'ide' || firmware === 'bios')
        .map((firmware) => machine({ bus, disks, firmware })),
    ),
  ),
  ...(['virtio-net', 'e1000e', 'e1000', 'vmxnet3'] as const).map((nic) => machine({ nic, nics: 4 })),
  machine({ mode: 'nat' }),
  machine({ mode: 'bridged', vlan: 42 }),
  machine({ mode: 'bridged', network: 'vmbr1' }),
  {
    ...machine({ bus: 'virtio-scsi', disks: 31, format: 'raw' }),
    clock: 'localtime',
    os: { id: '', version: '', name: '' },
  },
];

/** A loop over the disks of a machine that has one, and names that look like commands and are literal. */
const NOT_MEANT = ['--exclude=SC2043,SC2016'];

const file = (subject: VirtualMachine, name: string): string =>
  proxmox.configure(subject).find((one) => one.name.endsWith(name))!.content;

interface Host {
  folder: string;
  /** What the programs were asked for, one array of words for each call. */
  calls: () => Promise<string[][]>;
  script: (...args: string[]) => Promise<Ran>;
}

/** A folder with the result, and programs that note their words. `fails`: a word at which qm ends with an error. */
async function host(subject: VirtualMachine, fails = 'nothing at all'): Promise<Host> {
  needTools('bash');
  const folder = await scratchFolder();
  const programs = join(folder, 'programs');
  const result = join(folder, 'a result');
  await mkdir(programs);
  await mkdir(result);
  const log = join(folder, 'log');
  await writeFile(log, '');
  const note = `{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\n'; } >> '${log}'`;
  // Like the real ones, status fails where there is no such machine, and nextid tells a number.
  const bodies = {
    qm: `${note}; [ "$1" != status ] || exit 2; case "$*" in *"${fails}"*) exit 1;; esac`,
    pct: `${note}; exit 2`,
    pvesh: `${note}; echo 117`,
  };
  for (const [name, body] of Object.entries(bodies)) {
    await writeFile(join(programs, name), `#!/bin/bash\n${body}\n`);
    await chmod(join(programs, name), 0o755);
  }
  for (const { name, content } of proxmox.configure(subject)) await writeFile(join(result, name), content);
  for (const disk of subject.disks) await writeFile(join(result, disk.file), '');
  return {
    folder: result,
    calls: async () =>
      (await readFile(log, 'utf8'))
        .split('\0\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\0')),
    script: (...args) =>
      tryRun('bash', [join(result, PROXMOX_SCRIPT), ...args], {
        env: { PATH: `${programs}:/usr/bin:/bin` },
        cwd: folder,
      }),
  };
}

/** `--key value` pairs after the number of the machine. */
function optionsOf(call: string[]): [key: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let at = 3; at < call.length; at += 2) pairs.push([call[at]!.replace(/^--/u, ''), call[at + 1]!]);
  return pairs;
}

describe('the import script', () => {
  test(`runs in all ${SHAPES.length} shapes and asks for what was meant`, async () => {
    const api = hasShared ? (sharedJson('schemas/proxmox/api-qemu-create.json') as ProxmoxApi) : null;
    for (const subject of SHAPES) {
      expect(proxmox.check(subject).filter(({ severity }) => severity === 'blocker')).toEqual([]);
      const { folder, calls, script } = await host(subject);
      const ran = await script('tank');
      expect(ran.stderr).toBe('');
      expect(ran.status).toBe(0);
      const asked = await calls();
      expect(asked.slice(0, 3).map((call) => call.slice(0, 2))).toEqual([
        ['pvesh', 'get'],
        ['qm', 'status'],
        ['pct', 'status'],
      ]);
      const [create, ...sets] = asked.slice(3);
      expect(create!.slice(0, 3)).toEqual(['qm', 'create', '117']);
      const options = [create!, ...sets].flatMap(optionsOf);
      if (api !== null)
        expect(options.flatMap(([key, value]) => proxmoxProblems(api, key, value))).toEqual([]);
      const option = (key: string): string => options.find(([name]) => name === key)?.[1] ?? '';
      expect(option('description')).toContain(subject.name);
      expect(option('cores')).toBe(String(subject.cpus));
      expect(option('bios')).toBe(subject.firmware === 'uefi' ? 'ovmf' : 'seabios');
      expect(option('efidisk0') !== '').toBe(subject.firmware === 'uefi');
      const imported = options.filter(([, value]) => value.includes('import-from='));
      expect(imported.map(([, value]) => /import-from=([^,]*)/.exec(value)![1])).toEqual(
        subject.disks.map((disk) => join(folder, disk.file)),
      );
      expect(new Set(imported.map(([key]) => key)).size).toBe(subject.disks.length);
      expect(option('boot')).toBe(`order=${imported[0]![0]}`);
      for (const [index, nic] of subject.nics.entries()) {
        expect(option(`net${index}`)).toContain(`=${nic.mac.toUpperCase()}`);
        expect(option(`net${index}`).includes('link_down=1')).toBe(nic.mode === 'isolated');
      }
    }
  });

  test('changes nothing where the number is taken or a disk is missing, and takes back what it began', async () => {
    const taken = await host(machine());
    await writeFile(join(taken.folder, '../programs/qm'), '#!/bin/bash\nexit 0\n');
    expect(await taken.script('tank', '117')).toMatchObject({ status: 1 });
    const missing = await host(machine());
    await run('rm', [join(missing.folder, 'web01-disk0.qcow2')]);
    expect((await missing.script('tank')).stderr).toContain('is missing');
    expect((await missing.calls()).filter(([program]) => program === 'qm')).toEqual([]);
    const failing = await host(machine(), 'import-from');
    expect(await failing.script('tank')).toMatchObject({ status: 1 });
    expect((await failing.calls()).at(-1)).toEqual(['qm', 'destroy', '117', '--purge']);
    expect((await (await host(machine())).script('tank', '1; reboot')).status).toBe(2);
  });

  test('finds nothing to say for shellcheck', async () => {
    needTools('shellcheck');
    const folder = await scratchFolder();
    const files = await Promise.all(
      SHAPES.map(async (subject, index) => {
        await writeFile(join(folder, `${index}.sh`), file(subject, PROXMOX_SCRIPT));
        return join(folder, `${index}.sh`);
      }),
    );
    await run('shellcheck', [...NOT_MEANT, ...files]);
    const broken = file(machine(), PROXMOX_SCRIPT)
      .replace('"$vmid" --scsi', '$vmid --scsi')
      .replace('done', '');
    expect((await tryRun('shellcheck', [...NOT_MEANT, '-'], { input: broken })).status).not.toBe(0);
  });
});

describe.skipIf(!hasShared)(`the configuration file ${NEEDS_SHARED}`, () => {
  const lines = (text: string): [key: string, value: string][] =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  const problems = (text: string): string[] => {
    const api = sharedJson('schemas/proxmox/api-qemu-create.json') as ProxmoxApi;
    return lines(text).flatMap(([key, value]) => proxmoxProblems(api, key, value));
  };

  test('has only options that Proxmox has, with values it takes', () => {
    for (const subject of SHAPES) expect(problems(file(subject, '.conf'))).toEqual([]);
  });

  test('is judged by a walker that takes a real configuration and refuses broken ones', async () => {
    expect(problems(await readFile(sharedPath('vm-configs/proxmox/simple-virtio-blk.conf'), 'utf8'))).toEqual(
      [],
    );
    const good = file(machine({ firmware: 'uefi', mode: 'bridged', vlan: 4 }), '.conf');
    for (const [from, to] of [
      ['tag=4', 'vlan=4'],
      ['bios: ovmf', 'bios: efi'],
      ['ostype: l26', 'ostype: l27'],
      ['scsihw: virtio-scsi-single', 'scsihw: pvscsi2'],
      ['iothread=1', 'iothreads=1'],
      ['sockets:', 'sockts:'],
      ['cores: 2', 'cores: two'],
      ['virtio=3C', 'virtio=3D'],
    ] as const) {
      expect(good).toContain(from);
      expect(problems(good.replace(from, to)), to).not.toEqual([]);
    }
  });
});

describe('what Proxmox cannot do is refused', () => {
  test.each<[string, VirtualMachine, string[]]>([
    ['a host-only network', machine({ mode: 'host-only' }), ['TARGET_NIC_MODE']],
    ['IDE with UEFI', machine({ bus: 'ide', firmware: 'uefi' }), ['TARGET_BUS']],
    ['a seventh SATA disk', machine({ bus: 'ahci', disks: 7 }), ['TARGET_TOO_MANY_DISKS']],
    ['a 17th virtio disk', machine({ disks: 17 }), ['TARGET_TOO_MANY_DISKS']],
    ['a 33rd card', machine({ nics: 33 }), ['TARGET_TOO_MANY_NICS']],
    ['a bridge with a space', machine({ mode: 'bridged', network: 'my bridge' }), ['PROXMOX_BRIDGE']],
    ['a VLAN with address translation', machine({ mode: 'nat', vlan: 4 }), ['PROXMOX_NAT']],
  ])('%s', (_, subject, expected) => {
    const found = proxmox.check(subject).filter(({ severity }) => severity === 'blocker');
    expect(found.map(({ code }) => code)).toEqual(expected);
  });
});
