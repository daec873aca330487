/** The compact lists against those they were made from, and against lspci's own reader of them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nameDevice } from '../../../../migration-core/collect/devices/devices.ts';
import {
  className,
  deviceName,
  subsystemName,
  vendorName,
} from '../../../../migration-core/collect/devices/ids-file.ts';
import { needTools, run } from '../../../support/tools.ts';

const RESOURCES = new URL('../../../../resources/devices/', import.meta.url);

test('the lists are small and come with their licence', () => {
  const size = ['pci.ids.gz', 'usb.ids.gz'].reduce(
    (total, name) => total + statSync(new URL(name, RESOURCES)).size,
    0,
  );
  expect(size).toBeLessThan(700 << 10);
  const licence = readFileSync(new URL('LICENCE.txt', RESOURCES), 'utf8');
  expect(licence).toMatch(/Redistributions in binary form must reproduce/u);
  expect(licence).toMatch(/Martin Mares/u);
});

test('every vendor, device, subsystem and class of pci.ids as awk reads it', async () => {
  needTools('awk');
  expect(existsSync('/usr/share/misc/pci.ids'), 'package pci.ids').toBe(true);
  const program = `/^#/||NF==0{next}
    /^C /{c=$2;v="";n=$0;sub(/^C [0-9a-f]+  /,"",n);print "C|" c "|" n;next}
    /^[0-9a-f]/{c="";v=$1;n=$0;sub(/^[0-9a-f]+  /,"",n);print "V|" v "|" n;next}
    /^\\t\\t/{if(v!=""){n=$0;sub(/^\\t\\t[0-9a-f]+ [0-9a-f]+  /,"",n);print "S|" v "|" d "|" $1 "|" $2 "|" n};next}
    /^\\t/{if(v!=""){d=$1;n=$0;sub(/^\\t[0-9a-f]+  /,"",n);print "D|" v "|" d "|" n}else if(c!=""){n=$0;sub(/^\\t[0-9a-f]+  /,"",n);print "K|" c $1 "|" n}}`;
  const lines = (await run('awk', [program, '/usr/share/misc/pci.ids'])).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(20_000);
  const wrong: string[] = [];
  for (const line of lines) {
    const [kind, ...parts] = line.split('|');
    const found =
      kind === 'V' || kind === 'C'
        ? kind === 'V'
          ? vendorName('pci', parts[0]!)
          : className('pci', parts[0]!)
        : kind === 'D'
          ? deviceName('pci', parts[0]!, parts[1]!)
          : kind === 'S'
            ? subsystemName(parts[0]!, parts[1]!, parts[2]!, parts[3]!)
            : className('pci', parts[0]!);
    const name = parts
      .slice(kind === 'S' ? 4 : kind === 'D' ? 2 : 1)
      .join('|')
      .trimEnd();
    if (found !== name) wrong.push(`${line} / ${found ?? ''}`);
  }
  // A list of another year than ours may differ a little; the reader may not.
  expect(wrong.length, wrong.slice(0, 5).join('\n')).toBeLessThan(lines.length / 100);
});

test('vendors and devices of usb.ids as grep counts them', async () => {
  const text = readFileSync('/usr/share/misc/usb.ids', 'latin1');
  const vendors = [...text.matchAll(/^([0-9a-f]{4}) {2}(.*)$/gmu)];
  expect(vendors.length).toBeGreaterThan(3000);
  const wrong = vendors.filter(([, id]) => vendorName('usb', id!) === undefined);
  expect(wrong.length).toBeLessThan(vendors.length / 50);
});

test('names as lspci says them, on this machine', async () => {
  needTools('lspci');
  const [numbers, names] = await Promise.all([run('lspci', ['-Dn']), run('lspci', ['-D'])]);
  const said = new Map(
    names
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.split(' ')[0]!, line]),
  );
  for (const line of numbers
    .trimEnd()
    .split('\n')
    .filter((each) => each !== '')) {
    const match = /^(\S+) ([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})/u.exec(line)!;
    const named = nameDevice({ bus: 'pci', classId: match[2]!, vendorId: match[3]!, deviceId: match[4]! });
    expect(said.get(match[1]!)).toContain(named.vendor ?? '');
    if (named.name !== undefined) expect(said.get(match[1]!)).toContain(named.name);
  }
});
