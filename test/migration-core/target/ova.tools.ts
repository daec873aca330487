/**
 * The OVF schema with VMware's extension judges the description, GNU tar and Python the archive, openssl the manifest, and
 * qemu-img the disks, as they lie in the package. What no schema sees (references, sizes, order) is read back with xmllint.
 */
import { copyFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeOverlayFile } from '../../../migration-core/convert/boot-test/overlay-file.ts';
import type { VirtualMachine } from '../../../migration-core/target/machine.ts';
import { ovfDocument } from '../../../migration-core/target/ova/ovf.ts';
import { packOva } from '../../../migration-core/target/ova/package.ts';
import { tarHeader } from '../../../migration-core/target/ova/tar.ts';
import { ova } from '../../../migration-core/target/ova/target.ts';
import type { FinishedDisk } from '../../../migration-core/target/target.ts';
import { sha256 } from '../../support/hash.ts';
import { hasShared, NEEDS_SHARED, sharedPath } from '../../support/shared.ts';
import { needTools, run, scratchFolder, tryRun, type Ran } from '../../support/tools.ts';
import { AWKWARD_NAMES, machine, type Shape } from './machines.ts';

const on = (shape: Shape = {}): VirtualMachine =>
  machine({ format: 'vmdk', bus: 'lsi-sas', nic: 'vmxnet3', ...shape });
const SHAPES: VirtualMachine[] = [
  ...AWKWARD_NAMES.map((name) => on({ name })),
  ...(['lsi-sas', 'lsi', 'pvscsi', 'ahci', 'nvme', 'ide'] as const).flatMap((bus) =>
    [1, 4, 40]
      .filter((disks) => bus !== 'ide' || disks <= 4)
      .flatMap((disks, nics) =>
        (['bios', 'uefi'] as const).map((firmware) => on({ bus, disks, nics, firmware })),
      ),
  ),
  ...(['vmxnet3', 'e1000e', 'e1000'] as const).map((nic) => on({ nic, nics: 10 })),
  ...(['nat', 'host-only', 'bridged'] as const).map((mode) => on({ mode })),
  on({ mode: 'bridged', network: 'DMZ (2)' }),
  { ...on(), architecture: 'i686', os: { id: '', version: '', name: '' }, memoryMiB: 1027 },
];
const document = (subject: VirtualMachine): string =>
  ovfDocument(
    subject,
    subject.disks.map(({ file }, index) => ({ name: file, bytes: 65536 * (index + 1) })),
  );
const xpath = async (content: string, expression: string): Promise<string[]> => {
  // XPath of xmllint knows no name spaces: elements lose their prefixes and the default one.
  const plain = content.replace(/ xmlns="[^"]*"/, '').replace(/(<\/?)(rasd|vssd|vmw):/g, '$1');
  const ran = await tryRun('xmllint', ['--xpath', expression, '-'], { input: plain });
  return ran.stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => /^ *[\w:]+="(.*)"$/.exec(line)?.[1] ?? /^<\w+>(.*)<\/\w+>$/.exec(line)?.[1] ?? line);
};

describe('the description', () => {
  test.skipIf(!hasShared)(
    `is OVF 1.1 in all ${SHAPES.length} shapes, by the schema ${NEEDS_SHARED}`,
    async () => {
      needTools('xmllint');
      const folder = await scratchFolder();
      const judge = async (...contents: string[]): Promise<Ran> => {
        const files = contents.map((_, index) => join(folder, `${index}.ovf`));
        for (const [index, content] of contents.entries()) await writeFile(files[index]!, content);
        return tryRun(
          'xmllint',
          [
            '--nonet',
            '--noout',
            '--schema',
            sharedPath('schemas/ovf-1.1/envelope-with-vmware.xsd'),
            ...files,
          ],
          { env: { XML_CATALOG_FILES: sharedPath('schemas/catalog.xml') } },
        );
      };
      const said = await judge(...SHAPES.map(document));
      expect(said.stderr.split('\n').filter((line) => !line.endsWith(' validates'))).toEqual(['']);
      expect(said.status).toBe(0);
      const good = document(on());
      for (const [from, to] of [
        ['<rasd:InstanceID>1</rasd:InstanceID>', ''],
        ['<rasd:ElementName>Hard Disk 1</rasd:ElementName>', '<rasd:Zeal>Hard Disk 1</rasd:Zeal>'],
        [' ovf:size="65536"', ' ovf:size="big"'],
        [' ovf:diskId="vmdisk1"', ''],
        ['vmw:key="firmware"', 'vmw:kee="firmware"'],
        ['</Envelope>', ''],
      ] as const) {
        expect(good).toContain(from);
        expect((await judge(good.replace(from, to))).status, from).not.toBe(0);
      }
    },
  );

  test('resolves within itself and says what was meant', async () => {
    needTools('xmllint');
    for (const subject of SHAPES) {
      expect(ova.check(subject).filter(({ severity }) => severity === 'blocker')).toEqual([]);
      const content = document(subject);
      const files = await xpath(content, "//File/@*[name()='ovf:id']");
      expect(await xpath(content, "//Disk/@*[name()='ovf:fileRef']")).toEqual(files);
      expect(await xpath(content, "//File/@*[name()='ovf:href']")).toEqual(
        subject.disks.map(({ file }) => file),
      );
      const ids = await xpath(content, "//Disk/@*[name()='ovf:diskId']");
      expect(await xpath(content, '//HostResource')).toEqual(ids.map((id) => `ovf:/disk/${id}`));
      expect(await xpath(content, "//Disk/@*[name()='ovf:capacity']")).toEqual(
        subject.disks.map(({ size }) => String(size)),
      );
      const instances = await xpath(content, '//Item/InstanceID');
      expect(new Set(instances).size).toBe(instances.length);
      const controllers = await xpath(
        content,
        '//Item[ResourceType=5 or ResourceType=6 or ResourceType=20]/InstanceID',
      );
      const parents = await xpath(content, '//Item[ResourceType=17]/Parent');
      expect([...new Set(parents)].sort()).toEqual([...controllers].sort());
      const places = await xpath(content, '//Item[ResourceType=17]/AddressOnParent');
      expect(new Set(parents.map((parent, index) => `${parent} ${places[index]!}`)).size).toBe(
        subject.disks.length,
      );
      if ((await xpath(content, 'string(//Item[ResourceType=6])')).length > 0)
        expect(places).not.toContain('7');
      const networks = await xpath(content, "//Network/@*[name()='ovf:name']");
      expect(new Set(await xpath(content, '//Item[ResourceType=10]/Connection'))).toEqual(new Set(networks));
      expect(await xpath(content, '//Item[ResourceType=10]/Address')).toEqual(
        subject.nics.map(({ mac }) => mac),
      );
      expect(
        await xpath(content, "string(//Config[@*[name()='vmw:key']='firmware']/@*[name()='vmw:value'])"),
      ).toEqual([subject.firmware === 'uefi' ? 'efi' : 'bios']);
    }
  });
});

/** A machine with two disks as qemu-img makes streamOptimized ones, and the raw disks they were made of. */
async function finished(
  folder: string,
): Promise<{ subject: VirtualMachine; disks: FinishedDisk[]; raw: string[] }> {
  const subject = on({ disks: 2, name: 'web 01' });
  const disks: FinishedDisk[] = [];
  const raw: string[] = [];
  for (const [index, { file }] of subject.disks.entries()) {
    const source = join(folder, `source${index}.raw`);
    await run('sh', ['-c', `head -c ${3_000_000 + index * 777} /dev/urandom > ${source}`]);
    await truncate(source, subject.disks[index]!.size);
    const path = join(folder, `${file}.partial`);
    await run('qemu-img', ['convert', '-O', 'vmdk', '-o', 'subformat=streamOptimized', source, path]);
    disks.push({ path, bytes: (await stat(path)).size, sha256: await sha256(path) });
    raw.push(source);
  }
  return { subject, disks, raw };
}

describe('the package', () => {
  test('is a tar archive in the right order, whose manifest holds and whose disks open where they lie', async () => {
    needTools('qemu-img', 'tar', 'openssl', 'python3');
    const folder = await scratchFolder();
    const { subject, disks, raw } = await finished(folder);
    const copies = await Promise.all(
      disks.map(async ({ path }, index) => {
        await copyFile(path, join(folder, `copy${index}.vmdk`));
        return join(folder, `copy${index}.vmdk`);
      }),
    );
    const path = join(folder, 'web.ova');
    const packed = await packOva({ machine: subject, disks, path });
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);

    const names = ['web-01.ovf', 'web-01.mf', 'web01-disk0.vmdk', 'web01-disk1.vmdk'];
    expect((await run('tar', ['-tf', path])).trim().split('\n')).toEqual(names);
    const python = 'import sys, tarfile; print(*[m.name for m in tarfile.open(sys.argv[1])], sep="\\n")';
    expect((await run('python3', ['-c', python, path])).trim().split('\n')).toEqual(names);
    const out = await scratchFolder();
    await run('tar', ['-xf', path, '-C', out]);
    for (const [index, copy] of copies.entries()) await run('cmp', [copy, join(out, names[2 + index]!)]);
    const digests = await run(
      'openssl',
      ['dgst', '-sha256', ...names.filter((name) => !name.endsWith('.mf'))],
      { cwd: out },
    );
    const manifest = await readFile(join(out, 'web-01.mf'), 'utf8');
    expect(digests.replace(/^SHA2-256/gm, 'SHA256')).toBe(manifest);
    const ovf = await readFile(join(out, 'web-01.ovf'), 'utf8');
    for (const [index, disk] of packed.entries()) {
      expect(ovf).toContain(`ovf:size="${disk.bytes}"`);
      expect(disk.sha256).toBe(await sha256(copies[index]!));
      const inPlace = `json:${JSON.stringify({
        driver: 'vmdk',
        file: {
          driver: 'raw',
          offset: disk.offset,
          size: disk.bytes,
          file: { driver: 'file', filename: path },
        },
      })}`;
      await run('qemu-img', ['compare', inPlace, raw[index]!]);
      // A test boot of the package goes through such an overlay.
      const overlay = join(folder, `overlay${index}.qcow2`);
      const { size } = subject.disks[index]!;
      await writeOverlayFile(overlay, { file: path, within: disk, driver: 'vmdk', size });
      await run('qemu-img', ['check', overlay]);
      await run('qemu-img', ['compare', overlay, raw[index]!]);
    }
    const again = join(folder, 'again.ova');
    const twice = copies.map((copy, index) => ({ ...disks[index]!, path: copy }));
    await packOva({ machine: subject, disks: twice, path: again });
    await run('cmp', [path, again]);
  });

  test('is refused, and nothing of it left, when a disk changed after it was verified, or the job is cancelled', async () => {
    const folder = await scratchFolder();
    const { subject, disks } = await finished(folder);
    const path = join(folder, 'web.ova');
    const changed = [disks[0]!, { ...disks[1]!, sha256: '0'.repeat(64) }];
    await expect(
      packOva({
        machine: subject,
        disks: disks.slice(0, 1).concat({ ...disks[1]!, bytes: disks[1]!.bytes + 512 }),
        path,
      }),
    ).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    const { disks: fresh } = await finished(await scratchFolder());
    await expect(packOva({ machine: subject, disks: [fresh[0]!, changed[1]!], path })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
    });
    const { disks: more } = await finished(await scratchFolder());
    await expect(
      packOva({ machine: subject, disks: more, path, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await readdir(folder)).filter((name) => name.endsWith('.ova'))).toEqual([]);
    await writeFile(path, 'mine');
    await expect(packOva({ machine: subject, disks: more, path })).rejects.toThrow();
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  test('has headers that tar and Python read for small files and for those of 8 GiB and more', async () => {
    const folder = await scratchFolder();
    const path = join(folder, 'large.tar');
    for (const size of [0, 1, 2 ** 33 - 1, 2 ** 33, 2 ** 42]) {
      await writeFile(path, tarHeader('large.vmdk', size));
      await truncate(path, 512 + Math.ceil(size / 512) * 512 + 1024);
      const python = 'import sys, tarfile; print(*[m.size for m in tarfile.open(sys.argv[1])])';
      expect((await run('python3', ['-c', python, path])).trim()).toBe(String(size));
      // tar would read through terabytes of holes to the end of the archive.
      if (size < 2 ** 40) expect(await run('tar', ['-tvf', path])).toContain(` ${size} 1970-01-01`);
    }
    expect(() => tarHeader('x'.repeat(101), 1)).toThrow(RangeError);
    expect(() => tarHeader('größe', 1)).toThrow(RangeError);
  });
});
