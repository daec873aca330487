/**
 * A whole Debian server in QEMU, collected over SSH, and asked the same by hand with dmidecode, lspci, lsblk and ip over
 * OpenSSH's own client. Its hardware is not that of this machine, so nothing can be right by accident.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { collectSsh, type SshItem } from '../../../../migration-core/collect/ssh/collect.ts';
import { KnownHostsFiles } from '../../../../migration-core/collect/ssh/known-hosts.ts';
import type { ServerInventory } from '../../../../migration-core/store/model/inventory.ts';
import { buildGuest, copyDisk, type GuestDisk } from '../../../support/guests.ts';
import { failure } from '../../../support/ssh-collect.ts';
import { needTools, run, scratchFolder, tryRun } from '../../../support/tools.ts';

const UUID = '4c4c4544-0042-3510-8052-b4c04f4a3132';
const SERIAL = 'CZC0187Q4M';
const MAC = '00:25:90:00:00:01';
const DISK_SERIAL = 'WD-WMAYP3841207';
const SCRIPT = join(import.meta.dirname, '../../../support/guests/ssh-server.sh');

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** The server on its own hardware; its network reaches nothing but our port. */
function startServer(guest: GuestDisk, disk: string, port: number, folder: string): ChildProcess {
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', 'tcg', '-machine', 'q35', '-m', '1024', '-smp', '2,sockets=1,cores=2', '-nodefaults'],
      ...['-display', 'none', '-serial', `file:${join(folder, 'serial.log')}`, '-uuid', UUID],
      ...['-smbios', `type=1,manufacturer=HP,product=ProLiant DL360 G7,serial=${SERIAL}`],
      ...['-kernel', guest.kernelImage, '-initrd', guest.initramfs],
      ...['-append', `root=UUID=${guest.rootUuid} ro console=ttyS0`],
      ...['-drive', `if=none,id=disk,format=raw,file=${disk}`],
      ...['-device', `ide-hd,bus=ide.0,drive=disk,model=WDC WD5003ABYX-01WERA1,serial=${DISK_SERIAL}`],
      ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
      // On-board: slot 25 makes it enp0s25, as the server's configuration calls it.
      ...['-device', `e1000e,netdev=net,mac=${MAC},addr=0x19`],
    ],
    { stdio: 'ignore' },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('a server in QEMU is what dmidecode, lspci, lsblk and ip say, and is measured', async () => {
  needTools('qemu-system-x86_64', 'ssh', 'ssh-keygen', 'losetup');
  const folder = await scratchFolder();
  const guest = await buildGuest('bios-ahci');
  const disk = await copyDisk(guest, join(folder, 'disk.raw'));
  const key = join(folder, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  await run('bash', [SCRIPT, disk, `${key}.pub`]);
  const port = await freePort();
  startServer(guest, disk, port, folder);
  const byHand = (command: string): Promise<{ status: number; stdout: string; stderr: string }> =>
    tryRun('ssh', [
      ...['-p', String(port), '-i', key, '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=accept-new'],
      ...['-o', `UserKnownHostsFile=${join(folder, 'openssh')}`, '-o', 'ConnectTimeout=10', 'root@127.0.0.1'],
      command,
    ]);
  const tool = async (command: string): Promise<string> => {
    const { status, stdout, stderr } = await byHand(command);
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
    return stdout.trim();
  };
  const deadline = Date.now() + 900_000;
  while ((await byHand('true')).status !== 0) {
    if (Date.now() > deadline)
      throw new Error(`No login:\n${await readFile(join(folder, 'serial.log'), 'utf8')}`);
    await sleep(2000);
  }

  const items: SshItem[] = [];
  const enough = new AbortController();
  const patience = AbortSignal.any([enough.signal, AbortSignal.timeout(900_000)]);
  const options = {
    credentials: { keys: async () => [{ name: 'key', content: await readFile(key, 'utf8') }] },
    // OpenSSH has met the server; what it wrote is as good as the user's own file.
    hostKeys: new KnownHostsFiles(join(folder, 'own'), [join(folder, 'openssh')]),
    performance: { interval: 5 },
    signal: patience,
  };
  for await (const item of collectSsh([{ host: '127.0.0.1', port, user: 'root' }], options)) {
    items.push(item);
    if (items.filter(({ kind }) => kind === 'samples').length === 3) enough.abort();
  }
  expect(failure(items), JSON.stringify(items.filter(({ kind }) => kind === 'failed'))).toBe('');
  const found = items.find((item) => item.kind === 'inventory')!.inventory;
  await compare(found, tool);

  const samples = items.filter((item) => item.kind === 'samples');
  expect(samples.length).toBe(3);
  const last = new Map(
    samples[2]!.batches.map(({ metric, instance, values }) => [`${metric} ${instance}`, values[0]!]),
  );
  expect(last.get('cpu.busy ')).toBeGreaterThanOrEqual(0);
  expect(last.get('memory.total ')).toBe(
    Number(await tool("sed -n 's/MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo")) * 1024,
  );
  expect(last.has('disk.writeBytes sda')).toBe(true);
  expect(last.has('nic.receivedBytes enp0s25')).toBe(true);
  // Volumes are looked at every five minutes, at the first sample first.
  const volume = samples[0]!.batches.find(
    ({ metric, instance }) => metric === 'volume.used' && instance === '/',
  );
  expect(volume?.values[0]).toBeGreaterThan(100e6);
  expect(await tool('ps -e -o args= 2>/dev/null || cat /proc/[0-9]*/cmdline | tr "\\0" " "')).not.toMatch(
    /ironlift[0-9a-f]{16}/u,
  );
});

async function compare(found: ServerInventory, tool: (command: string) => Promise<string>): Promise<void> {
  expect(found.identity.name).toBe(await tool('hostname'));
  expect(found.identity.serial).toBe(SERIAL);
  expect(await tool('dmidecode -s system-serial-number')).toBe(SERIAL);
  expect(found.identity.smbiosUuid).toBe((await tool('dmidecode -s system-uuid')).toLowerCase());
  expect(found.vendor).toBe(await tool('dmidecode -s system-manufacturer'));
  expect(found.model).toBe(await tool('dmidecode -s system-product-name'));
  expect(found.firmware?.vendor).toBe(await tool('dmidecode -s bios-vendor'));
  expect(found.firmware?.kind).toBe('bios');
  expect(found.operatingSystem?.build).toBe(await tool('uname -r'));
  const [processor] = found.processors!;
  expect(processor!.threads).toBe(Number(await tool('nproc')));

  const pci = (await tool('lspci -Dn')).split('\n').map((line) => line.split(' '));
  const devices = found.devices!.filter(({ bus }) => bus === 'pci');
  expect(devices.map(({ address }) => address).sort()).toEqual(pci.map(([address]) => address).sort());
  for (const [address, , ids] of pci) {
    const device = devices.find((one) => one.address === address)!;
    expect(`${device.vendorId}:${device.deviceId}`).toBe(ids);
    const link = (await tool(`readlink /sys/bus/pci/devices/${address}/driver || true`)).split('/').at(-1);
    expect(device.driver ?? '', address).toBe(link);
  }

  const [name, size, model, serial] = (await tool('lsblk -dbnr -o NAME,SIZE,MODEL,SERIAL /dev/sda')).split(
    ' ',
  );
  const disk = found.disks!.find((one) => one.name === name)!;
  expect(disk.bytes).toBe(Number(size));
  expect(disk.model).toBe(model!.replaceAll('\\x20', ' '));
  expect(disk.serial).toBe(serial);
  expect(disk.serial).toBe(DISK_SERIAL);

  const nic = found.networkInterfaces!.find((one) => one.name === 'enp0s25')!;
  expect(nic.mac).toBe(MAC);
  expect(nic.driver).toBe('e1000e');
  const address = (await tool('ip -4 -o address show dev enp0s25')).split(/\s+/u)[3];
  expect(nic.addresses).toContain(address);
  expect(found.identity.macs).toEqual([MAC]);
}
