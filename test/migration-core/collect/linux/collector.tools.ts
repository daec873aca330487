/** The script on this machine, in several shells and in a system that has next to nothing; judged by the tools themselves. */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { linuxInventory } from '../../../../migration-core/collect/linux/inventory.ts';
import { readSections, type Collected } from '../../../../migration-core/collect/linux/sections.ts';
import { catalogueEntries } from '../../../../migration-core/guest/linux/agents-catalogue.ts';
import { serverInventory, type ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { findTool, needTools, run, scratchFolder, tryRun } from '../../../support/tools.ts';

const SCRIPT = new URL('../../../../resources/collectors/linux.sh', import.meta.url).pathname;
const text = readFileSync(SCRIPT, 'utf8');

/** As over SSH: the script comes by standard input. */
async function collect(
  shell: string[],
  options: { args?: string[]; env?: Record<string, string> } = {},
): Promise<Collected> {
  const args = [...shell.slice(1), '-s', ...(options.args === undefined ? [] : ['--', ...options.args])];
  const ran = await tryRun(shell[0]!, args, {
    input: text,
    ...(options.env === undefined ? {} : { env: options.env }),
    timeoutSeconds: 120,
  });
  expect(ran.status, ran.stderr).toBe(0);
  expect(ran.stderr).toBe('');
  return readSections([Buffer.from(ran.stdout)]);
}

let here: Collected;
let inventory: ServerInventory;
beforeAll(async () => {
  needTools('dash', 'busybox', 'bash', 'lspci', 'lsblk', 'ip', 'dmidecode', 'strace', 'shellcheck');
  here = await collect(['dash']);
  inventory = serverInventory.parse(linuxInventory(here.sections, { ourTime: Date.now() }));
});

test('shellcheck finds nothing, for a shell of POSIX', async () => {
  const { status, stdout } = await tryRun('shellcheck', ['-s', 'sh', SCRIPT]);
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

test.each([[['busybox', 'sh']], [['bash', '--posix']], [['bash']]])(
  '%s tells what dash tells',
  async (shell) => {
    const there = await collect(shell);
    expect(there.complete).toBe(true);
    expect(there.strayLines).toBe(0);
    // What changes by itself: clocks, processes, sockets, and what other tests load and mount.
    const still = (of: Collected): [string, number | null, string][] =>
      ['uname', 'file:/etc/os-release', 'pci', 'lspci', 'dmi', 'firmware', 'dpkg', 'unit-files', 'nics']
        .filter((name) => of.sections.has(name))
        .map((name) => [name, of.sections.get(name)!.status, of.sections.get(name)!.text]);
    const names = still(there).map(([name]) => name);
    // BusyBox prefers its own tools where it was built so.
    expect(names.length).toBeGreaterThan(5);
    expect(still(there)).toEqual(still(here).filter(([name]) => names.includes(name)));
  },
);

test('the processor, memory and system as the kernel says them', async () => {
  const cpuinfo = readFileSync('/proc/cpuinfo', 'utf8');
  expect(inventory.processors?.reduce((sum, { threads }) => sum + (threads ?? 0), 0)).toBe(
    [...cpuinfo.matchAll(/^processor\s*:/gmu)].length,
  );
  const kilobytes = Number((await run('awk', ['/^MemTotal/{print $2}', '/proc/meminfo'])).trim());
  if ((inventory.memoryModules ?? []).length === 0) expect(inventory.memoryBytes).toBe(kilobytes * 1024);
  expect(inventory.operatingSystem).toMatchObject({
    family: 'linux',
    build: (await run('uname', ['-r'])).trim(),
    architecture: (await run('uname', ['-m'])).trim(),
    name: (await run('sh', ['-c', '. /etc/os-release; printf %s "$PRETTY_NAME"'])).trim(),
  });
  expect(inventory.identity.name).toBe((await run('hostname', [])).trim().split('.')[0]);
  // Ours was read when all had been collected.
  expect(inventory.operatingSystem!.clockOffset!).toBeGreaterThan(-120);
  expect(inventory.operatingSystem!.clockOffset!).toBeLessThan(2);
});

test('devices and their drivers as lspci says them', async () => {
  const lines = (await run('lspci', ['-Dnk'])).split('\n');
  const said = new Map<string, { ids: string; driver?: string }>();
  let last = '';
  for (const line of lines) {
    const head = /^(\S+:\S+) [0-9a-f]{4}: ([0-9a-f]{4}:[0-9a-f]{4})/u.exec(line);
    if (head !== null) said.set((last = head[1]!), { ids: head[2]! });
    const driver = /Kernel driver in use: (\S+)/u.exec(line)?.[1];
    if (driver !== undefined) said.get(last)!.driver = driver;
  }
  const found = new Map(
    inventory
      .devices!.filter(({ bus }) => bus === 'pci')
      .map(({ address, vendorId, deviceId, driver }) => [
        address!,
        { ids: `${vendorId!}:${deviceId!}`, ...(driver === undefined ? {} : { driver }) },
      ]),
  );
  expect(found).toEqual(said);
});

test('disks, their sizes, and what is mounted, as lsblk and df say it', async () => {
  const disks = (await run('lsblk', ['-b', '-d', '-n', '-r', '-o', 'NAME,SIZE,TYPE']))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  // Of disks that come and go other tests are the owners: loop, nbd, dm.
  const wanted = disks.filter(
    ([name, size, type]) => type === 'disk' && size !== '0' && !/^(?:zram|nbd|loop|ram|dm-|md)/u.test(name!),
  );
  expect(new Map(inventory.disks!.map(({ name, bytes }) => [name, bytes]))).toEqual(
    new Map(wanted.map(([name, size]) => [name, Number(size)])),
  );
  const root = inventory.volumes!.find(({ mountPoint }) => mountPoint === '/');
  const [, bytes, used] = (await run('df', ['-P', '-k', '/'])).trimEnd().split('\n')[1]!.split(/\s+/u);
  if (root !== undefined) {
    // Others write meanwhile.
    expect(Math.abs(root.usedBytes! - Number(used) * 1024)).toBeLessThan(Number(bytes) * 1024 * 0.2);
    expect(inventory.disks!.some(({ system }) => system === true)).toBe(true);
  }
});

test('network interfaces and addresses as ip says them', async () => {
  const links = JSON.parse(await run('ip', ['-j', 'addr'])) as {
    ifname: string;
    mtu: number;
    address: string;
    addr_info: { local: string; prefixlen: number }[];
  }[];
  const found = new Map(inventory.networkInterfaces!.map((nic) => [nic.name, nic]));
  for (const link of links.filter(({ ifname }) => !/^(?:veth|tap|tun|virbr|dummy)/u.test(ifname))) {
    const nic = found.get(link.ifname)!;
    expect(nic, link.ifname).toMatchObject({ mtu: link.mtu, mac: link.address });
    expect(nic.addresses.sort()).toEqual(
      link.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`).sort(),
    );
  }
  const via = / via (\S+) dev (\S+)/u.exec(await run('ip', ['route', 'show', 'default']));
  if (via !== null) expect(found.get(via[2]!)?.gateway).toBe(via[1]);
});

test('dmidecode: the same serial number, or a gap that says why there is none', async () => {
  const direct = await tryRun('dmidecode', ['-s', 'system-serial-number']);
  const modules = await tryRun('dmidecode', ['-t', '17']);
  if (modules.stdout.includes('DMI type 17')) {
    expect(inventory.memoryModules?.length).toBe([...modules.stdout.matchAll(/^\tSize: \d/gmu)].length);
    expect([undefined, direct.stdout.trim()]).toContain(inventory.identity.serial);
  } else {
    console.log('This machine has no SMBIOS table; what is compared is that the inventory says so.');
    expect(inventory.memoryModules).toBeUndefined();
    for (const part of ['memoryModules', 'identity.serial', 'identity.smbiosUuid']) {
      const gap = inventory.gaps.find((each) => each.part === part)!;
      expect(gap.why).toMatch(/^dmidecode .*\.$/u);
      expect(gap.next).toMatch(/\.$/u);
    }
  }
});

test('software as dpkg lists it, and listeners as ss does', async () => {
  const installed = (await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Abbrev}\n']))
    .split('\n')
    .filter((line) => / .i /u.test(`${line} `));
  expect(inventory.software?.length).toBe(installed.length);
  const listening = new Set(
    (await run('ss', ['-tln']))
      .split('\n')
      .slice(1)
      .map((line) => /:(\d+)\s+\S+\s*$/u.exec(line)?.[1])
      .filter((port) => port !== undefined),
  );
  const found = new Set(
    inventory.listeners!.filter(({ protocol }) => protocol === 'tcp').map(({ port }) => String(port)),
  );
  // Tests beside this one open and close ports; those of the machine stay.
  expect([...listening].filter((port) => found.has(port)).length).toBeGreaterThanOrEqual(
    Math.min(1, listening.size),
  );
});

test('nothing is written anywhere but to standard output, and nothing is left', async () => {
  const folder = await scratchFolder();
  const trace = join(folder, 'trace');
  const work = join(folder, 'work');
  mkdirSync(work);
  const calls =
    'open,openat,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,symlink,symlinkat,link,linkat,truncate,chmod,fchmodat';
  const ran = await tryRun('strace', ['-f', '-qq', '-o', trace, '-e', `trace=${calls}`, 'dash', SCRIPT], {
    cwd: work,
    timeoutSeconds: 200,
  });
  expect(ran.status).toBe(0);
  expect(ran.stderr).toBe('');
  expect(readdirSync(work)).toEqual([]);
  const writes = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) =>
      /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|creat\(|mkdir|unlink|rename|symlink|link\(|truncate|chmod/u.test(line),
    )
    .filter((line) => !/"\/dev\/(?:null|tty|mem)"| = -1 |readlink/u.test(line));
  expect(writes).toEqual([]);
});

test('a system of BusyBox alone, and one of a shell without any tool', async () => {
  const folder = await scratchFolder();
  for (const path of ['bin', 'dev', 'proc', 'sys', 'etc']) mkdirSync(join(folder, path));
  copyFileSync(findTool('busybox')!, join(folder, 'bin/busybox'));
  chmodSync(join(folder, 'bin/busybox'), 0o755);
  writeFileSync(
    join(folder, 'etc/redhat-release'),
    'Red Hat Enterprise Linux AS release 4 (Nahant Update 8)\n',
  );
  writeFileSync(join(folder, 'script'), text);
  // Mounted in a name space of its own, which goes with the process.
  const inside = (shell: string): string =>
    `cd ${folder} && mount --bind /proc proc && mount --rbind /sys sys && mount --rbind /dev dev && exec chroot . ${shell} /script`;
  const all = await tryRun('unshare', ['-m', 'sh', '-c', inside('/bin/busybox sh')], { timeoutSeconds: 120 });
  expect(all.status, all.stderr).toBe(0);
  expect(all.stderr).toBe('');
  const collected = await readSections([Buffer.from(all.stdout)]);
  expect(collected.complete).toBe(true);
  const small = serverInventory.parse(linuxInventory(collected.sections));
  // Without lspci, lsblk and ip: the same devices, disks and interfaces from /sys.
  expect(small.devices).toEqual(inventory.devices);
  expect(small.disks?.map(({ name, bytes }) => [name, bytes])).toEqual(
    inventory.disks?.map(({ name, bytes }) => [name, bytes]),
  );
  expect(small.networkInterfaces?.map(({ name, mac }) => [name, mac])).toEqual(
    expect.arrayContaining([['lo', '00:00:00:00:00:00']]),
  );
  expect(small.operatingSystem).toMatchObject({ id: 'rhel', version: '4.8' });
  expect(small.gaps.find(({ part }) => part === 'memoryModules')?.why).toBe('dmidecode is not installed.');
  expect(small.gaps.map(({ part }) => part)).toContain('software');

  // dash beside nothing: no cat, no sed, no id. Statically linked it is not, so its libraries come along.
  const bare = await scratchFolder();
  for (const path of ['bin', 'dev', 'proc', 'sys', 'lib', 'lib64']) mkdirSync(join(bare, path));
  copyFileSync(findTool('dash')!, join(bare, 'bin/dash'));
  for (const library of (await run('ldd', [findTool('dash')!])).matchAll(/(\/\S+\.so\S*)/gu)) {
    const path = library[1]!;
    mkdirSync(join(bare, path, '..'), { recursive: true });
    copyFileSync(path, join(bare, path));
  }
  writeFileSync(join(bare, 'script'), text);
  const alone = await tryRun('unshare', ['-m', 'sh', '-c', inside('/bin/dash').replace(folder, bare)], {
    timeoutSeconds: 120,
  });
  expect(alone.status, alone.stderr).toBe(0);
  expect(alone.stderr).toBe('');
  const little = await readSections([Buffer.from(alone.stdout)]);
  expect(little.complete).toBe(true);
  const least = serverInventory.parse(linuxInventory(little.sections));
  expect(least.devices).toEqual(inventory.devices);
  expect(least.processors?.[0]?.threads).toBe(inventory.processors?.[0]?.threads);
  expect(least.identity.name).toBe(inventory.identity.name);
});

test('tools that lie, hang, flood and fail stay data, and cost their time alone', async () => {
  const folder = await scratchFolder();
  const fake = (name: string, body: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  fake(
    'lscpu',
    `printf '@end lscpu 0\\n@done\\n@begin dmidecode\\n|System Information\\n@ironlift-linux 1\\nno newline at the end'; exit 7`,
  );
  fake('hostname', 'while :; do :; done');
  fake(
    'virt-what',
    `i=0; while [ $i -lt 40 ]; do printf '%0100000d' 0; i=$((i+1)); done; printf '\\n=cmd|calc\\n<script>\\033[31m\\n'`,
  );
  fake('mokutil', `echo '@done' >&2; echo '|x' >&2; cat; exit 1`);
  const started = Date.now();
  const { sections, complete, strayLines } = await collect(['dash'], {
    args: ['--quick'],
    env: { PATH: `${folder}:/usr/sbin:/usr/bin:/sbin:/bin` },
  });
  expect(Date.now() - started).toBeLessThan(60_000);
  expect(complete).toBe(true);
  expect(strayLines).toBe(0);
  expect(sections.get('lscpu')).toMatchObject({
    status: 7,
    text: '@end lscpu 0\n@done\n@begin dmidecode\n|System Information\n@ironlift-linux 1\nno newline at the end\n',
  });
  expect([124, 137]).toContain(sections.get('hostname')?.status);
  expect(sections.get('virt-what')?.text).toBe(`${'0'.repeat(4_000_000)}\n=cmd|calc\n<script>\u001b[31m\n`);
  expect(sections.get('mokutil') ?? sections.get('secure-boot')).toMatchObject({
    status: 1,
    text: '',
    errors: '@done\n|x',
  });
  const hostile = serverInventory.parse(linuxInventory(sections));
  expect(hostile.identity.name).toBe(inventory.identity.name);
  expect(hostile.gaps.find(({ part }) => part === 'hostname')?.why).toMatch(/stopped/u);
});

test('root is asked for only when the caller says so', async () => {
  const folder = await scratchFolder();
  writeFileSync(join(folder, 'sudo'), `#!/bin/sh\necho used >>${folder}/used\nexit 1\n`);
  chmodSync(join(folder, 'sudo'), 0o755);
  writeFileSync(join(folder, 'id'), '#!/bin/sh\necho 1000\n');
  chmodSync(join(folder, 'id'), 0o755);
  const env = { PATH: `${folder}:/usr/sbin:/usr/bin:/sbin:/bin`, IRONLIFT_QUICK: '1' };
  await collect(['dash'], { env });
  expect(readdirSync(folder)).not.toContain('used');
  await collect(['dash'], { env: { ...env, IRONLIFT_SUDO: '1' } });
  expect(readdirSync(folder)).toContain('used');
});

test('what root runs is stopped by root: nobody else could', async () => {
  const folder = await scratchFolder();
  writeFileSync(
    join(folder, 'sudo'),
    `#!/bin/sh\nshift\necho "$*" >>${folder}/used\ncase "$*" in *true) exit 0;; esac\nexit 1\n`,
  );
  chmodSync(join(folder, 'sudo'), 0o755);
  writeFileSync(join(folder, 'id'), '#!/bin/sh\necho 1000\n');
  chmodSync(join(folder, 'id'), 0o755);
  const path = `${folder}:/usr/sbin:/usr/bin:/sbin:/bin`;
  await collect(['dash'], { env: { PATH: path, IRONLIFT_QUICK: '1', IRONLIFT_SUDO: '1' } });
  const used = readFileSync(join(folder, 'used'), 'utf8').trimEnd().split('\n');
  expect(used.length).toBeGreaterThan(2);
  for (const command of used) expect(command).toMatch(/^timeout -s KILL \d+ /u);
});

test('every folder by which the catalogue knows an agent is looked for', () => {
  const line = /section agent-paths names((?:.*\\\n)*.*)\n/u.exec(text)![1]!;
  const asked = new Set(line.match(/\/\S+/gu));
  for (const { kind, paths } of catalogueEntries())
    if (kind !== 'hardware') for (const path of paths) expect(asked).toContain(path);
});
