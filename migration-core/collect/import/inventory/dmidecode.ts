/** A file of what dmidecode(8) printed. */
import { known } from '../../linux/text.ts';
import { dmiMemoryModules, dmiProcessors, parseDmidecode } from '../../linux/dmidecode.ts';
import { machineOf } from '../../linux/machine.ts';
import type { ServerInventory } from '../../../store/model/inventory.ts';
import type { Importer } from '../../collector.ts';
import { cutProblem, headText, nothingIn, serverNameOf, wholeText } from './whole-text.ts';

export const dmidecode: Importer = {
  id: 'dmidecode',
  name: 'dmidecode (text)',
  recognise(input) {
    const head = headText(input);
    if (!/^Handle 0x[0-9A-F]{4,8}, DMI type \d+/mu.test(head)) return 0;
    return /^# dmidecode \d/mu.test(head) || /^SMBIOS \d/mu.test(head) ? 3 : 2;
  },
  async *read(input, options) {
    const { text, cut } = await wholeText(input, options);
    const structures = parseDmidecode(text);
    if (structures.length === 0) throw nothingIn(input, 'dmidecode');
    if (cut) yield cutProblem(input.name);
    const machine = machineOf(new Map([['dmidecode', { status: 0, text, errors: '', truncated: cut }]]));
    const modules = structures.some(({ type }) => type === 17) ? dmiMemoryModules(structures) : undefined;
    const processors = dmiProcessors(structures);
    yield {
      kind: 'inventory',
      observedAt: options.now(),
      inventory: known<ServerInventory>({
        identity: known({
          name: serverNameOf(input, options, machine.serial ?? machine.uuid),
          serial: machine.serial,
          smbiosUuid: machine.uuid,
          macs: [],
        }),
        vendor: machine.vendor,
        model: machine.model,
        chassis: machine.chassis,
        boardSerial: machine.boardSerial,
        virtual: machine.virtual,
        firmware: machine.firmware,
        processors: processors.length > 0 ? processors : undefined,
        memoryBytes: machine.memoryBytes,
        memoryModules: modules,
        gaps: [],
      }),
    };
    yield { kind: 'position', doneBytes: input.size };
  },
};
