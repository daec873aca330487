/** What systeminformation itself says of this machine, judged by what the kernel says of it. */
import { cpus, hostname, totalmem } from 'node:os';
import { getStaticData } from 'systeminformation';
import { expect, it } from 'vitest';
import { systeminformationJson } from '../../../../../migration-core/collect/import/inventory/systeminformation-json.ts';
import { serverInventory } from '../../../../../migration-core/store/model/inventory.ts';
import { fileInput, imported } from '../../../../support/import-input.ts';

it('static data of systeminformation is imported as the kernel has it', async () => {
  const input = fileInput('static.json', JSON.stringify(await getStaticData()));
  expect(systeminformationJson.recognise(input)).toBe(3);
  const { inventories, problems } = await imported(systeminformationJson, input);
  const [inventory] = inventories;
  expect(problems).toEqual([]);
  expect(serverInventory.parse(inventory)).toEqual(inventory);
  expect(inventory!.identity.name).toBe(hostname());
  expect(inventory!.processors![0]!.threads).toBe(cpus().length);
  expect(inventory!.operatingSystem!.family).toBe('linux');
  expect(Math.abs(inventory!.memoryBytes! / totalmem() - 1)).toBeLessThan(0.3);
});
