import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { overlayTables } from '../../../migration-core/convert/boot-test/overlay-file.ts';
import { difference, parsePpm } from '../../../migration-core/convert/boot-test/png.ts';
import type { RunningMachine } from '../../../migration-core/convert/boot-test/machine-process.ts';
import { openQmp } from '../../../migration-core/convert/boot-test/qmp.ts';
import {
  failedUnits,
  findSign,
  findWaiting,
  plainText,
} from '../../../migration-core/convert/boot-test/signs.ts';
import { readTextScreen } from '../../../migration-core/convert/boot-test/text-screen.ts';
import { judge } from '../../../migration-core/convert/boot-test/verdict.ts';
import { watchStart } from '../../../migration-core/convert/boot-test/watch.ts';

/** What consoles really show, and what it must be taken for. */
const CONSOLES: [string, string | null][] = [
  ['\nDebian GNU/Linux 12 web01 ttyS0\n\nweb01 login: ', 'LOGIN_PROMPT'],
  ['\nlocalhost login: [   31.2] e1000e: eth0 NIC Link is Up', 'LOGIN_PROMPT'],
  ['\ndb-04.example.org login:', 'LOGIN_PROMPT'],
  ['Last login: Mon Nov 23 on tty1\n', null],
  ['[  OK  ] Started systemd-logind.service - User Login Management.\n', null],
  ['Nov 23 web01 sshd[1]: Failed login: root\n', null],
  ['Gave up waiting for suspend/resume device\n', null],
  ['ALERT!  /dev/sda1 does not exist.  Dropping to a shell!\n\n(initramfs) ', 'INITRAMFS_PROMPT'],
  ["Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug\n", 'TIMER_STARVED'],
  ['Kernel panic - not syncing: VFS: Unable to mount root fs\n', 'KERNEL_PANIC'],
  ['Generating "/run/initramfs/rdsosreport.txt"\n\nEntering emergency mode.\n', 'DRACUT_EMERGENCY'],
  ['dracut:/# ', 'DRACUT_EMERGENCY'],
  ['You are in emergency mode. After logging in, type "journalctl -xb"\n', 'EMERGENCY_MODE'],
  ['error: no such device: 1c9e.\nEntering rescue mode...\ngrub rescue> ', 'GRUB_RESCUE'],
  ['\ngrub> ', 'GRUB_PROMPT'],
  ['BdsDxe: No bootable option or device was found.\n', 'UEFI_NOTHING_TO_START'],
  [
    'Booting from Hard Disk...\nBoot failed: not a bootable disk\n\nNo bootable device.\n',
    'BIOS_NOTHING_TO_START',
  ],
  ['Booting from Hard Disk...\nBoot failed: not a bootable disk\nBooting from DVD/CD...\n', null],
  ['GRUB loading.\nWelcome to GRUB!\n', null],
  // A login offered beside a failure does not make it good.
  ['You are in emergency mode.\n\nweb01 login: ', 'EMERGENCY_MODE'],
];

test.each(CONSOLES)('%j is taken for %s', (text, id) => {
  expect(findSign(plainText(text))?.sign.id ?? null).toBe(id);
});

test('the line that decided is quoted as it was written, whatever is around it', () => {
  const seen = findSign(
    plainText('one\r\n\u001b[0;1mtwo\u001b[0m\r\n\r\n\u001b]0;title\u0007web01 login: \r\nfour'),
  );
  expect(seen?.line).toBe('web01 login:');
  expect(findSign('x\n\n   (initramfs) ls\nnext')?.line).toBe('(initramfs) ls');
});

test('colours, titles and cursor movements are not part of the text', () => {
  expect(
    plainText('\u001b[2J\u001b[01;01H[\u001b[0;32m  OK  \u001b[0m] Started \u001b(B\u0007x\r\r\ny'),
  ).toBe('[  OK  ] Started x\ny');
});

test('hostile consoles are searched in no time', () => {
  const started = performance.now();
  const texts = [
    'a'.repeat(65_536),
    ' '.repeat(65_536),
    '\n'.repeat(65_536),
    '\u001b]'.repeat(32_768),
    '[FAILED] Failed to '.repeat(3400),
  ];
  for (const text of texts) {
    const plain = plainText(text);
    findSign(plain);
    findWaiting(plain);
    failedUnits(plain);
  }
  expect(performance.now() - started).toBeLessThan(5000);
});

test('failed units are told once each', () => {
  const text =
    '[FAILED] Failed to start amsd.service - Agentless.\n[  OK  ] Started x.\n[FAILED] Failed to mount /home.\n[FAILED] Failed to mount /home.\n';
  expect(failedUnits(text)).toEqual(['Failed to start amsd.service - Agentless', 'Failed to mount /home']);
});

test('a start that comes to no end is a failure only when it says what it waited for', () => {
  const waiting = findWaiting('[**    ] A start job is running for /dev/disk/by-uuid/1c9e (20s / 1min 30s)');
  expect(judge({ kind: 'time-up', waiting, last: { where: 'serial', line: 'x' } }, 300, true)).toMatchObject({
    status: 'failed',
  });
  expect(
    judge({ kind: 'time-up', waiting: null, last: { where: 'serial', line: 'x' } }, 300, true),
  ).toMatchObject({
    status: 'unclear',
    evidence: { line: 'x' },
  });
  expect(judge({ kind: 'at-rest', forSeconds: 60 }, 90, true).status).toBe('unclear');
  expect(judge({ kind: 'qemu-ended', reason: 'abort' }, 1, false)).toMatchObject({
    status: 'unclear',
    next: expect.stringContaining('--accel tcg') as string,
  });
});

test('PPM: header with comments, and what is too short or too large for its header', () => {
  const pixels = [1, 2, 3, 4, 5, 6];
  const picture = parsePpm(Buffer.concat([Buffer.from('P6\n# QEMU\n2 1\n255\n'), Buffer.from(pixels)]));
  expect(picture).toMatchObject({ width: 2, height: 1 });
  expect([...picture.pixels]).toEqual(pixels);
  for (const bad of [
    '',
    'P6',
    'P5 1 1 255 abc',
    'P6 1 1 255 ab',
    'P6 999999 999999 255 abc',
    'P6 0 5 255 abc',
    'P6 1 1 65535 abcdef',
  ])
    expect(() => parsePpm(Buffer.from(bad)), bad).toThrow(expect.objectContaining({ code: 'QEMU_FAILED' }));
});

test('pictures differ by the share of their pixels', () => {
  const one = { width: 10, height: 10, pixels: new Uint8Array(300) };
  const other = { ...one, pixels: one.pixels.with(299, 1) };
  expect(difference(one, one)).toBe(0);
  expect(difference(one, other)).toBe(0.01);
  expect(difference(one, { width: 5, height: 20, pixels: one.pixels })).toBe(1);
});

test('the text screen is read by cells of character and colour', () => {
  const memory = new Uint8Array(4000);
  for (const [at, letter] of [...'web01 login:'].entries()) memory[(3 * 80 + at) * 2] = letter.charCodeAt(0);
  memory[0] = 0xc9;
  expect(readTextScreen(memory)).toBe('\n\n\nweb01 login:');
});

test('an overlay of 4 TiB has its tables where its header says, and refuses a name it cannot record', () => {
  const data = overlayTables({ file: 'a.qcow2', driver: 'qcow2', size: 2 ** 42 });
  expect(data.readUInt32BE(36)).toBe(2 ** 42 / 2 ** 29);
  expect(data.length).toBe(65_536 * 4);
  expect(() => overlayTables({ file: 'x'.repeat(1000), driver: 'raw', size: 1 })).toThrow(
    expect.objectContaining({ code: 'NOT_SUPPORTED' }),
  );
});

test('QMP: answers find their commands, events are kept, noise and the end are survived', async () => {
  const output = new PassThrough();
  const input = new PassThrough();
  const asked: { execute: string; id: number }[] = [];
  let partial = '';
  input.on('data', (data: Buffer) => {
    const lines = (partial + data.toString()).split('\n');
    partial = lines.pop()!;
    for (const line of lines) {
      const command = JSON.parse(line) as { execute: string; id: number };
      asked.push(command);
      if (command.execute === 'qmp_capabilities') output.write(`{"return":{},"id":${command.id}}\n`);
    }
  });
  output.write('{"QMP":{"version":{}}}\n');
  const qmp = await openQmp(output, input);
  const [first, second, third] = [qmp.execute('one'), qmp.execute('two'), qmp.execute('three')];
  await new Promise((resolve) => setImmediate(resolve));
  output.write('not json\n[]\n{"id":99,"return":1}\n{"event":"RESET","data":{"guest":true}}\n');
  output.write('{"id":3,"return":"b"}\n{"id":2,"return":"a"}\n');
  expect(await first).toBe('a');
  expect(await second).toBe('b');
  output.write('{"id":4,"error":{"class":"GenericError","desc":"no such thing"}}\n');
  await expect(third).rejects.toMatchObject({
    code: 'QEMU_FAILED',
    message: expect.stringContaining('no such thing') as string,
  });
  expect(qmp.events).toEqual([{ event: 'RESET', data: { guest: true } }]);
  const last = qmp.execute('four');
  output.end();
  await expect(last).rejects.toMatchObject({ code: 'QEMU_FAILED' });
  await expect(qmp.execute('five')).rejects.toMatchObject({ code: 'QEMU_FAILED' });
  expect(asked.map(({ execute }) => execute)).toEqual(['qmp_capabilities', 'one', 'two', 'three', 'four']);
});

test('a machine that is busy and never changes is stuck where that is asked for, and else out of time', async () => {
  const picture = { width: 2, height: 2, pixels: new Uint8Array(12) };
  const machine = {
    qmp: { events: [] },
    ended: () => null,
    readSerial: async () => '',
    screen: async () => picture,
    screenText: async () => 'Loading initial ramdisk ...',
    idle: async () => false,
    kill: async () => undefined,
  } as unknown as RunningMachine;
  const watch = async (stuckSeconds?: number): Promise<string> => {
    let clock = 0;
    const now = (): number => (clock += 4000);
    const options = { accelerator: 'kvm', stuckSeconds, timeoutSeconds: 60, now } as const;
    return (await watchStart(machine, options)).ending.kind;
  };
  expect(await Promise.all([watch(20), watch()])).toEqual(['stuck', 'time-up']);
});
