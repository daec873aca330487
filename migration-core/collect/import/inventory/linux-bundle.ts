/** What resources/collectors/linux.sh wrote: on a stick, or by another hand. */
import { throwIfCancelled } from '../../../base/cancel.ts';
import { linuxInventory } from '../../linux/inventory.ts';
import { SectionReader } from '../../linux/sections.ts';
import { textOf } from '../../linux/text.ts';
import type { Importer } from '../../collector.ts';
import { headText, lineProblem, nothingIn, serverNameOf } from './whole-text.ts';

export const linuxBundle: Importer = {
  id: 'linux-bundle',
  name: 'Ironlift collection of a Unix server',
  recognise: (input) => (/^@ironlift-linux \d+\r?$/mu.test(headText(input)) ? 3 : 0),
  async *read(input, options) {
    const reader = new SectionReader();
    let read = 0;
    for await (const piece of input.read()) {
      throwIfCancelled(options.signal);
      reader.push(piece);
      read += piece.length;
      yield { kind: 'position', doneBytes: Math.min(read, input.size) };
    }
    const { sections, complete, strayLines } = reader.finish();
    if (sections.size === 0) throw nothingIn(input, 'the collector linux.sh');
    if (!complete) yield lineProblem(0, 'The collection broke off before its end.');
    if (strayLines > 0) yield lineProblem(0, `Lines that belong to no tool: ${strayLines}.`);
    const seconds = Number(/^(\d{1,12}) /u.exec(textOf(sections, 'date'))?.[1] ?? NaN);
    const inventory = linuxInventory(sections);
    if (inventory.identity.name === '' || options.serverName !== undefined)
      inventory.identity.name = serverNameOf(input, options, inventory.identity.serial);
    yield {
      kind: 'inventory',
      // By its own clock: it was not asked by us, and may have been asked long ago.
      observedAt: Number.isNaN(seconds) ? options.now() : seconds * 1000,
      inventory,
    };
  },
};
