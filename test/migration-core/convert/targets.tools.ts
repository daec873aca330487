/** A conversion for every platform: the folder has what the README says, and qemu-img finds the source in the disks. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import { JOURNAL_NAME } from '../../../migration-core/convert/journal.ts';
import { MANIFEST_NAME, manifestSchema } from '../../../migration-core/convert/manifest.ts';
import { formatById } from '../../../migration-core/image/table.ts';
import { targets } from '../../../migration-core/target/table.ts';
import { sha256 } from '../../support/hash.ts';
import { smallServer } from '../../support/small-server.ts';
import { run, scratchFolder } from '../../support/tools.ts';
import { ironlift } from '../../support/world.ts';

const QEMU: Record<string, string> = {
  qcow2: 'qcow2',
  raw: 'raw',
  vmdk: 'vmdk',
  vhd: 'vpc',
  vhdx: 'vhdx',
  vdi: 'vdi',
};

/** Whether the disks a platform needs can be written: formats come one by one. */
const possible = targets.flatMap((target) =>
  target.formats.map((format) => ({
    target,
    id: target.id,
    format,
    written: (target.subformats?.[format] ?? [undefined]).every(
      (accepted) => formatById(format)?.subformats.some(({ id }) => id === (accepted ?? id)) === true,
    ),
  })),
);

it('every layout that a target names can be written', () => {
  expect(possible.filter(({ written }) => !written)).toEqual([]);
});

/** kvm and vmware-workstation have their own tests beside. */
const tested = possible.filter(({ id }) => id !== 'kvm' && id !== 'vmware-workstation');
it.each(tested)('$id with $format disks', async ({ target, format }) => {
  const scratch = await scratchFolder();
  const disk = await smallServer(join(scratch, 'disk.img'), { table: 'gpt' });
  const out = join(scratch, 'out');
  const done = await ironlift([
    ...[
      'convert',
      disk,
      '--to',
      target.id,
      '--format',
      format,
      '--no-fix',
      '--whole-disk',
      '-o',
      out,
      '--json',
    ],
  ]);
  expect(done.err).not.toContain('Error');
  expect(done.status).toBe(0);
  const manifest = manifestSchema.decode(
    JSON.parse(await readFile(join(out, 'ironlift.json'), 'utf8')) as z.input<typeof manifestSchema>,
  );
  const names = await readdir(out);
  expect(names.filter((name) => name.includes('.partial'))).toEqual([]);
  for (const { name } of target.configure(manifest.machine)) expect(names).toContain(name);
  const [image] = manifest.disks;
  expect(image!.verified).toBe(true);
  const packed = manifest.package;
  const file = join(out, packed?.file ?? image!.file);
  const place = packed?.disks[0];
  const whole = { driver: 'file', filename: file };
  const opened = `json:${JSON.stringify({
    driver: QEMU[format],
    file:
      place === undefined ? whole : { driver: 'raw', offset: place.offset, size: place.bytes, file: whole },
  })}`;
  await run('qemu-img', ['compare', opened, disk]);
  if (packed === undefined) {
    for (const { file: name, sha256: digest } of [image!, ...(image!.extents ?? [])])
      expect(await sha256(join(out, name))).toBe(digest);
  } else {
    expect((await stat(file)).size).toBe(packed.bytes);
    expect(names.sort()).toEqual(['README.txt', JOURNAL_NAME, MANIFEST_NAME, packed.file].sort());
  }
  const readme = await readFile(join(out, 'README.txt'), 'utf8');
  expect(readme).toContain(target.importSteps(manifest.machine).trimEnd());
  expect(readme).toMatch(/Firmware +\w+\n +-> (BIOS|UEFI)/);
  expect(readme).toContain(`-> ${image!.file}, 192 MiB, ${manifest.machine.disks[0]!.bus} place 0`);
});
