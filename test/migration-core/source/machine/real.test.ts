/**
 * Configurations that real products wrote, against what others made of the same files: libvirt's own XML of a .vmx,
 * virt-v2v's summary, the QEMU command line that Proxmox derives.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { DescribedMachine } from '../../../../migration-core/source/machine/machine.ts';
import { readDescription } from '../../../../migration-core/source/machine/read.ts';

const CONFIGS = fileURLToPath(new URL('../../../../../shared/fixtures/vm-configs', import.meta.url));
const files = (pattern: string): string[] => globSync(join(CONFIGS, pattern)).sort();
const read = async (path: string): Promise<DescribedMachine> => (await readDescription(path)).machine;

describe.skipIf(!existsSync(CONFIGS))(
  'real machines (skipped where ../shared/fixtures is not beside the checkout)',
  () => {
    test('.vmx: as libvirt reads them', async () => {
      let compared = 0;
      for (const path of files('vmx/libvirt/*.vmx')) {
        const ours = await read(path);
        const theirs = await read(path.replace(/\.vmx$/u, '.xml'));
        const name = basename(path);
        expect(ours.name, name).toBe(theirs.name);
        expect(ours.cpus, name).toBe(theirs.cpus);
        // Without a word libvirt takes the 32 MiB of VMware.
        expect(ours.memoryMiB ?? 32, name).toBe(theirs.memoryMiB);
        expect(ours.firmware, name).toBe(theirs.firmware);
        const macs = ({ nics }: DescribedMachine) => nics.map(({ mac }) => mac);
        expect(macs(ours), name).toEqual(macs(theirs));
        // libvirt knows no device of the host here; its order is by the names it gives, scsi before ide.
        const disks = ({ disks: list }: DescribedMachine) =>
          list.map(({ bus, source }) => `${bus} ${basename(source)}`).sort();
        const leftOut = ours.findings.map(({ message }) => message).join();
        const comparable = {
          ...theirs,
          disks: theirs.disks.filter(({ source }) => !leftOut.includes(basename(source))),
        };
        expect(disks(ours), name).toEqual(disks(comparable));
        compared++;
      }
      expect(compared).toBe(20);
    });

    test.each(['vmx/virt-v2v/*.vmx', 'ovf/virt-v2v/*.ovf'])('%s: as virt-v2v reads them', async (pattern) => {
      let compared = 0;
      for (const path of files(pattern)) {
        const expected = path.replace(/\.\w+$/u, '.expected');
        if (!existsSync(expected)) continue;
        const text = readFileSync(expected, 'utf8');
        const field = (label: string) => new RegExp(`${label}: (.*)`, 'u').exec(text)![1]!.trim();
        const machine = await read(path);
        const name = basename(path);
        expect(machine.name, name).toBe(field('source name'));
        expect(machine.memoryMiB! * 2 ** 20, name).toBe(Number(field('memory').split(' ')[0]));
        expect(machine.cpus, name).toBe(Number(field('nr vCPUs')));
        if (field('firmware') !== 'unknown') expect(machine.firmware ?? 'bios', name).toBe(field('firmware'));
        const disks = [...text.matchAll(/^\t\d+ \[(\w+)\]/gmu)].map((match) => match[1]);
        expect(
          machine.disks.map(({ bus }) => bus),
          name,
        ).toEqual(disks);
        const nics = [
          ...text.matchAll(/^\t(?:Network|Bridge) "(.*?)"(?: mac: (\S+))?(?: \[(\w+)\])?/gmu),
        ].map((match) => [match[1]!.replace(/^ethernet\d$/u, 'bridged'), match[2] ?? null, match[3] ?? null]);
        expect(
          machine.nics.map((nic) => [nic.network, nic.mac, nic.model?.toLowerCase() ?? null]),
          name,
        ).toEqual(nics);
        compared++;
      }
      expect(compared).toBeGreaterThanOrEqual(5);
    });

    test('Proxmox: as its own QEMU command lines have it', async () => {
      let compared = 0;
      for (const path of files('proxmox/*.conf')) {
        // A template is started without its network, on one CPU.
        if (!existsSync(`${path}.cmd`) || path.includes('-template.')) continue;
        const text = readFileSync(`${path}.cmd`, 'utf8');
        const machine = await read(path);
        const name = basename(path);
        // Memory that can be plugged in is written in another way.
        const smp = /-smp '(\d+),/u.exec(text)?.[1];
        const memory = /-m (\d+) \\/u.exec(text)?.[1];
        if (smp !== undefined) expect(machine.cpus, name).toBe(Number(smp));
        if (memory !== undefined) expect(machine.memoryMiB, name).toBe(Number(memory));
        expect(machine.firmware === 'uefi', name).toBe(/pflash|"?OVMF/u.test(text));
        const disks = [
          ...text.matchAll(
            /-device '(?:scsi-hd|scsi-block|scsi-generic|virtio-blk-pci|ide-hd)[^']*\bid=((?:scsi|virtio|ide|sata)\d+)[,']/gu,
          ),
        ];
        expect(machine.disks.map(({ slot }) => slot).sort(), name).toEqual(
          disks.map((match) => match[1]).sort(),
        );
        const macs = [...text.matchAll(/-device '[^']*mac=([0-9A-F:]{17})/gu)].map((match) =>
          match[1]!.toLowerCase(),
        );
        expect(
          machine.nics.map(({ mac }) => mac),
          name,
        ).toEqual(macs);
        // The disk with the lowest boot index is the first.
        const order = [
          ...text.matchAll(/-device '[^']*\bid=((?:scsi|virtio|ide|sata)\d+),[^']*bootindex=(\d+)/gu),
        ]
          .filter((match) => machine.disks.some(({ slot }) => slot === match[1]))
          .sort((a, b) => Number(a[2]) - Number(b[2]));
        if (order[0] !== undefined) expect(machine.disks[0]!.slot, name).toBe(order[0][1]);
        compared++;
      }
      expect(compared).toBe(89);
    });

    test('.vbox, .vmc, and every OVF but two of several machines are understood', async () => {
      for (const path of files('vbox/*.vbox')) {
        const { disks, nics, memoryMiB } = await read(path);
        expect(disks, path).toHaveLength(1);
        expect(disks[0]!.places, path).toHaveLength(1);
        expect(
          nics.every(({ mac }) => mac?.startsWith('08:00:27') === true),
          path,
        ).toBe(true);
        expect(memoryMiB, path).toBeGreaterThan(1000);
      }
      expect((await read(files('vmc/*.vmc')[0]!)).disks[0]!.places[0]).toBe('./hda.vhd');
      const refused: string[] = [];
      for (const path of files('ovf/**/*.ovf')) await read(path).catch(() => refused.push(basename(path)));
      expect(refused).toEqual(['sun-disk-types-invalid.ovf', 'sun-disk-types.ovf']);
    });

    test('no file of another kind is taken for a machine', async () => {
      for (const path of files('{kubevirt,lxc,xva}/*').filter((name) => /\.(xml|conf)$/u.test(name)))
        if (!path.includes('lxcconf2xml'))
          await expect(read(path), path).rejects.toMatchObject({ code: 'MACHINE_NOT_UNDERSTOOD' });
    });
  },
);
