/**
 * Inventory of migration-planner (kubev2v), as its agent writes it: sums over a vCenter, and in newer versions the list
 * of its hosts. Sums are no servers, so of a file without hosts nothing can be used.
 */
import { IronliftError } from '../../../base/errors.ts';
import type { CollectedItem, Importer } from '../../collector.ts';
import { at, count, isFields, known, list, said, sized, text } from '../../values.ts';
import { decodeHead, decodeText, gather, parseJson } from './gather.ts';

export const migrationPlanner: Importer = {
  id: 'migration-planner',
  name: 'Inventory of migration-planner (kubev2v)',
  recognise(input) {
    if (input.isFolder) return 0;
    const head = decodeHead(input.head);
    return /"totalMigratable(?:WithWarnings)?"\s*:/u.test(head) ? 3 : 0;
  },
  async *read(input, options): AsyncGenerator<CollectedItem> {
    const document = parseJson(
      decodeText(await gather(input, undefined, undefined, options.signal)),
      input.name,
    );
    const inventory = at(document, 'inventory') ?? document;
    const infra = at(inventory, 'infra') ?? at(inventory, 'vcenter', 'infra');
    const hosts = list(at(infra, 'hosts'));
    if (hosts.length === 0)
      throw new IronliftError(
        'IMPORT_NOT_SUPPORTED',
        `${input.name} holds only sums over ${text(at(inventory, 'vms', 'total')) ?? 'all'} machines, not the machines.`,
        { next: 'Import the RVTools export of the same vCenter instead.' },
      );
    let number = 0;
    for (const host of hosts) {
      number++;
      const name = text(at(host, 'id')) ?? text(at(host, 'name'));
      if (!isFields(host) || name === undefined) {
        yield {
          kind: 'problem',
          problem: { at: number, unit: 'record', message: 'A host has no name.' },
        };
        continue;
      }
      const cores = count(at(host, 'cpuCores'));
      yield {
        kind: 'inventory',
        observedAt: options.now(),
        inventory: {
          identity: { name, macs: [] },
          ...known({
            vendor: said(at(host, 'vendor')),
            model: said(at(host, 'model')),
            processors:
              cores === undefined
                ? undefined
                : [known({ model: 'unknown', sockets: count(at(host, 'cpuSockets')), cores })],
            memoryBytes: sized(at(host, 'memoryMB'), 2 ** 20),
          }),
          operatingSystem: { family: 'other', id: 'esxi', name: 'VMware ESXi' },
          roles: ['hypervisor'],
          gaps: [],
        },
      };
    }
    yield { kind: 'position', doneBytes: input.size };
  },
};
