/** What the tools of this machine print today, in every form they know, is one set of devices. */
import { beforeAll, expect, test } from 'vitest';
import { findTool, needTools, run, tryRun } from '../../../../support/tools.ts';
import { importFrom, textInput } from './unix-input.ts';

beforeAll(() => needTools('lspci', 'lshw', 'dmidecode'));

test.each([
  '',
  '-n',
  '-nn',
  '-nnk',
  '-D -nn',
  '-v -nn',
  '-vvv -nn',
  '-mm',
  '-mm -nn',
  '-mm -n',
  '-vmm',
  '-vmmnnk',
  '-D -vmmn',
  '-tvnn',
])('lspci %s', async (form) => {
  const options = form.split(' ').filter((option) => option !== '');
  const numbers = new Map(
    (await run('lspci', ['-Dn']))
      .split('\n')
      .map((line) => /^(\S+) ([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})/u.exec(line))
      .filter((match) => match !== null)
      .map((match) => [match[1]!, { classId: match[2]!, ids: [match[3], match[4]] }]),
  );
  const { importer, inventory, problems } = await importFrom(
    textInput('here.txt', await run('lspci', options)),
  );
  expect(importer).toBe('lspci');
  expect(problems).toEqual([]);
  expect(inventory.devices!.map(({ address }) => address).sort()).toEqual([...numbers.keys()].sort());
  // Forms of names alone have no numbers.
  const numeric = /n/u.test(form);
  for (const { address, classId, vendorId, deviceId, name } of inventory.devices!) {
    const expected = numbers.get(address!)!;
    if (numeric) expect([vendorId, deviceId]).toEqual(expected.ids);
    else expect(name ?? expected.ids).toBeDefined();
    if (numeric && !form.includes('t')) expect(classId?.slice(0, 4)).toBe(expected.classId);
  }
});

test('lshw -json and -xml of today agree with the kernel', async () => {
  const [json, xml] = await Promise.all(
    ['-json', '-xml'].map(async (form) =>
      importFrom(textInput('lshw', await run('lshw', ['-quiet', form])), 'here'),
    ),
  );
  expect(json!.importer).toBe('lshw');
  expect(xml!.problems).toEqual([]);
  // Clocks of processors change between two runs.
  expect({ ...xml!.inventory, processors: 0 }).toEqual({ ...json!.inventory, processors: 0 });
  const addresses = (await run('lspci', ['-D']))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[0]!);
  expect(
    json!.inventory.devices
      ?.filter(({ bus }) => bus === 'pci')
      .map(({ address }) => address)
      .sort(),
  ).toEqual(addresses.sort());
});

test('dmidecode of this machine, or a refusal that says what to do where it printed no table', async () => {
  const { stdout } = await tryRun(findTool('dmidecode')!, []);
  if (stdout.includes('DMI type 1,')) {
    const { inventory } = await importFrom(textInput('here', stdout));
    expect(inventory.vendor).toBe((await run('dmidecode', ['-s', 'system-manufacturer'])).trim());
  } else {
    console.log('This machine has no SMBIOS table; its output is nothing to import.');
    await expect(importFrom(textInput('here', stdout))).rejects.toThrow(/No importer/u);
  }
});
