/** QEMU judges its own command line: firmware finds and starts the first disk on every bus, and all devices are there. */
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hyperv } from '../../../migration-core/target/hyperv/target.ts';
import type { VirtualMachine } from '../../../migration-core/target/machine.ts';
import {
  firmwareReaches,
  imitationGaps,
  qemuArguments,
  type QemuOptions,
} from '../../../migration-core/target/qemu-hardware.ts';
import { needTools, run, scratchFolder, tryRun } from '../../support/tools.ts';
import { machine } from './machines.ts';

const MESSAGE = 'boot sector of disk 0';

/** 512 bytes of 16-bit code: writes the message to the first serial port, then ends QEMU through its debug-exit port. */
function bootSector(): Buffer {
  const code = [
    ...[0x31, 0xc0, 0x8e, 0xd8, 0xfc], // xor ax,ax; mov ds,ax; cld
    ...[0xbe, 0x1a, 0x7c], // mov si, message
    ...[0xba, 0xf8, 0x03], // mov dx, 0x3f8
    ...[0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8], // next: lodsb; test al,al; jz +3; out dx,al; jmp next
    ...[0xe6, 0xf4], // out 0xf4, al
    ...[0xf4, 0xeb, 0xfd], // hlt; jmp hlt
    ...[0x90, 0x90], // nop; nop
  ];
  const sector = Buffer.alloc(512);
  Buffer.from(code).copy(sector);
  sector.write(MESSAGE, code.length, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/**
 * A PE32+ program (UEFI 2.1.1) with 64-bit code that does the same; one section, loaded at its place in the file. Like a
 * Linux kernel it also has the header of the x86 boot protocol, by which QEMU knows one.
 */
function efiProgram(): Buffer {
  const code = [
    ...[0xfc, 0x48, 0x8d, 0x35, 0x12, 0, 0, 0], // cld; lea rsi, [rip + message]
    ...[0x66, 0xba, 0xf8, 0x03], // mov dx, 0x3f8
    ...[0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8], // next: lodsb; test al,al; jz +3; out dx,al; jmp next
    ...[0xe6, 0xf4, 0xf4, 0xeb, 0xfd, 0x90], // out 0xf4, al; hlt; jmp hlt; nop
  ];
  const CODE = 1024 + 256;
  const program = Buffer.alloc(2048);
  program.write('MZ', 0, 'latin1');
  program.writeUInt32LE(64, 60);
  program.write('PE\0\0', 64, 'latin1');
  program.writeUInt16LE(0x8664, 68); // machine x86-64
  program.writeUInt16LE(1, 70); // sections
  program.writeUInt16LE(240, 84); // size of the optional header
  program.writeUInt16LE(0x22e, 86); // executable image, no debug data
  const optional = 88;
  program.writeUInt16LE(0x20b, optional);
  program.writeUInt32LE(1536, optional + 4); // size of code
  program.writeUInt32LE(CODE, optional + 16); // entry point
  program.writeUInt32LE(512, optional + 20); // base of code
  program.writeUInt32LE(512, optional + 32); // section alignment
  program.writeUInt32LE(512, optional + 36); // file alignment
  program.writeUInt32LE(2048, optional + 56); // size of image
  program.writeUInt32LE(512, optional + 60); // size of headers
  program.writeUInt16LE(10, optional + 68); // subsystem: EFI application
  program.writeUInt32LE(16, optional + 108); // data directories, all empty
  const section = optional + 240;
  program.write('.text', section, 'latin1');
  program.writeUInt32LE(1536, section + 8); // size in memory
  program.writeUInt32LE(512, section + 12); // address
  program.writeUInt32LE(1536, section + 16); // size in the file
  program.writeUInt32LE(512, section + 20); // place in the file
  program.writeUInt32LE(0x60000020, section + 36); // code, execute, read
  program.writeUInt8(1, 0x1f1); // sectors of setup code after the first
  program.write('HdrS', 0x202, 'latin1');
  program.writeUInt16LE(0x20c, 0x206); // boot protocol 2.12
  Buffer.from(code).copy(program, CODE);
  program.write(MESSAGE, CODE + code.length, 'latin1');
  return program;
}

const DEBUG_EXIT = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];

async function makeDisks(folder: string, subject: VirtualMachine): Promise<QemuOptions['disks']> {
  const disks: { path: string; format: string }[] = [];
  for (const [index, disk] of subject.disks.entries()) {
    const path = join(folder, `disk, "${index}".img`);
    await writeFile(path, index === 0 ? bootSector() : Buffer.alloc(512));
    await truncate(path, 8 << 20);
    disks.push({ path, format: disk.format });
  }
  return disks;
}

const raw = { format: 'raw' };

/** As a conversion places the disks of a BIOS server: the first on IDE, the others on SCSI. */
function onHyperv1(subject: VirtualMachine): VirtualMachine {
  const place = (index: number) => hyperv.place!('hyperv-scsi', index, 'bios');
  return { ...subject, disks: subject.disks.map((disk, index) => ({ ...disk, ...place(index) })) };
}
const BIOS_MACHINES: VirtualMachine[] = [
  machine({ ...raw, bus: 'virtio-blk', disks: 3 }),
  machine({ ...raw, bus: 'virtio-scsi', disks: 3, nics: 2 }),
  machine({ ...raw, bus: 'pvscsi', disks: 16, nic: 'vmxnet3', nics: 4 }),
  machine({ ...raw, bus: 'lsi-sas', disks: 9, nic: 'e1000' }),
  machine({ ...raw, bus: 'lsi', disks: 8, nic: 'e1000' }),
  machine({ ...raw, bus: 'ahci', disks: 7, nic: 'e1000e' }),
  machine({ ...raw, bus: 'ide', disks: 4, nic: 'e1000' }),
  machine({ ...raw, bus: 'nvme', disks: 3, nic: 'vmxnet3', nics: 0 }),
  machine({ ...raw, bus: 'hyperv-scsi', disks: 7, nic: 'hyperv-net', nics: 2 }),
  onHyperv1(machine({ ...raw, bus: 'hyperv-scsi', disks: 4, nic: 'tulip', nics: 2 })),
  { ...machine({ ...raw, bus: 'virtio-blk', name: 'a, "b" = c' }), chipset: 'i440fx' },
];

test.each(BIOS_MACHINES)('BIOS starts from $disks.0.bus with $nics.0.model', async (subject) => {
  needTools('qemu-system-x86_64');
  const folder = await scratchFolder();
  const serial = join(folder, 'serial.log');
  const options: QemuOptions = {
    disks: await makeDisks(folder, subject),
    accelerator: 'tcg',
    serial: `file,path=${serial}`,
    memoryMiB: 128,
  };
  const ended = await tryRun('qemu-system-x86_64', [...qemuArguments(subject, options), ...DEBUG_EXIT], {
    timeoutSeconds: 120,
  });
  expect(ended.stderr).toBe('');
  expect(await readFile(serial, 'latin1')).toContain(MESSAGE);
});

test('every disk and card of a machine is a device of QEMU', async () => {
  const folder = await scratchFolder();
  for (const subject of BIOS_MACHINES) {
    const disks = await makeDisks(folder, subject);
    const options: QemuOptions = { disks, accelerator: 'tcg', serial: 'null', memoryMiB: 64 };
    const args = [...qemuArguments(subject, options), '-S', '-monitor', 'stdio'];
    const answer = await tryRun('qemu-system-x86_64', args, {
      input: 'info block\ninfo network\nquit\n',
      timeoutSeconds: 60,
    });
    expect(answer.stderr).toBe('');
    const attached = [...answer.stdout.matchAll(/^ +Attached to: +(\S+)/gm)];
    expect(attached).toHaveLength(subject.disks.length);
    for (const nic of subject.nics) expect(answer.stdout).toContain(`macaddr=${nic.mac}`);
    expect(answer.stdout.match(/type=user/g) ?? []).toHaveLength(subject.nics.length);
    expect(answer.stdout.match(/restrict=on/g) ?? []).toHaveLength(subject.nics.length);
  }
});

test.each([
  machine({ ...raw, firmware: 'uefi', bus: 'virtio-blk' }),
  machine({ ...raw, firmware: 'uefi', bus: 'virtio-scsi' }),
  machine({ ...raw, firmware: 'uefi', bus: 'ahci', nic: 'vmxnet3' }),
  machine({ ...raw, firmware: 'uefi', bus: 'nvme' }),
  machine({ ...raw, firmware: 'uefi', bus: 'hyperv-scsi', nic: 'hyperv-net' }),
])('UEFI starts from $disks.0.bus with $nics.0.model', async (subject) => {
  needTools('qemu-system-x86_64', 'mkfs.fat', 'mcopy', 'mmd');
  expect(firmwareReaches(subject)).toBe(true);
  const folder = await scratchFolder();
  const disk = join(folder, 'esp.img');
  await run('mkfs.fat', ['-C', disk, '16384']);
  const program = join(folder, 'program.efi');
  await writeFile(program, efiProgram());
  await run('mmd', ['-i', disk, '::EFI', '::EFI/BOOT']);
  await run('mcopy', ['-i', disk, program, '::EFI/BOOT/BOOTX64.EFI']);
  const variables = join(folder, 'vars, copied.fd');
  await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
  const serial = join(folder, 'serial.log');
  const options: QemuOptions = {
    disks: [{ path: disk, format: 'raw' }],
    accelerator: 'tcg',
    serial: `file,path=${serial}`,
    memoryMiB: 256,
    firmware: { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables },
  };
  const ended = await tryRun('qemu-system-x86_64', [...qemuArguments(subject, options), ...DEBUG_EXIT], {
    timeoutSeconds: 60,
  });
  expect(ended.stderr).toBe('');
  expect(await readFile(serial, 'latin1')).toContain(MESSAGE);
});

test('where the firmware has no driver for the disks, the kernel starts by itself', async () => {
  const folder = await scratchFolder();
  const subject = machine({ ...raw, firmware: 'uefi', bus: 'pvscsi', nic: 'vmxnet3' });
  expect(firmwareReaches(subject)).toBe(false);
  expect(imitationGaps(subject)).toHaveLength(1);
  // To the firmware a kernel is a program like any other.
  const image = join(folder, 'kernel.efi');
  await writeFile(image, efiProgram());
  const variables = join(folder, 'variables.fd');
  await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
  const serial = join(folder, 'serial.log');
  const options: QemuOptions = {
    disks: await makeDisks(folder, subject),
    accelerator: 'tcg',
    serial: `file,path=${serial}`,
    memoryMiB: 256,
    firmware: { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables },
    kernel: { image, initramfs: null, commandLine: 'console=ttyS0' },
  };
  const ended = await tryRun('qemu-system-x86_64', [...qemuArguments(subject, options), ...DEBUG_EXIT], {
    timeoutSeconds: 60,
  });
  expect(ended.stderr).toBe('');
  expect(await readFile(serial, 'latin1')).toContain(MESSAGE);
});

test('what QEMU cannot show of Hyper-V is said', () => {
  const second = imitationGaps(machine({ bus: 'hyperv-scsi', nic: 'hyperv-net', firmware: 'uefi' }));
  expect(second.join(' ')).toMatch(/SCSI controller of Hyper-V.*network card of Hyper-V/);
  const first = imitationGaps(onHyperv1(machine({ bus: 'hyperv-scsi', nic: 'hyperv-net' })));
  expect(first.join(' ')).toMatch(/takes the IDE disks over.*hv_netvsc/);
  expect(imitationGaps(machine({ bus: 'ide', nic: 'tulip' }))).toEqual([]);
});
