/** Files of what the RAID tools of vendors printed: MegaCli, storcli and perccli, hpacucli and ssacli, and their like. */
import { parseMegacli } from '../../linux/raid/megacli.ts';
import {
  parseArcconf,
  parseMegasasctl,
  parseMptStatus,
  parseSasIrcu,
  parseThreeWare,
} from '../../linux/raid/others.ts';
import { parseSmartArray } from '../../linux/raid/smart-array.ts';
import { parseStorcli } from '../../linux/raid/storcli.ts';
import type { RaidController } from '../../../store/model/inventory.ts';
import type { Importer } from '../../collector.ts';
import { cutProblem, headText, lineProblem, serverNameOf, wholeText } from './whole-text.ts';

interface Form {
  tool: string;
  sign: RegExp;
  parse(text: string): RaidController[];
}

/** The first whose sign is in the head of the file. */
const forms: readonly Form[] = [
  {
    tool: 'storcli',
    sign: /^\s*\{\s*"Controllers"\s*:/u,
    parse: (text) => parseStorcli(text).map(({ controller }) => controller),
  },
  {
    tool: 'MegaCli',
    sign: /^(?:Adapter #\d|Adapter \d+ -- Virtual Drive|PCI information for Controller|\s*Number of enclosures on adapter|Controller Count:|\s+ProductName\s+:)/mu,
    parse: parseMegacli,
  },
  { tool: 'ssacli', sign: /^\S.* in Slot \S+(?: \(Embedded\))?\s*(?:\(sn:|$)/mu, parse: parseSmartArray },
  { tool: 'arcconf', sign: /^\s*Controller Model\s+:/mu, parse: parseArcconf },
  { tool: 'sas2ircu', sign: /^\s*Controller type\s+:\s*SAS/mu, parse: parseSasIrcu },
  {
    tool: 'tw_cli',
    sign: /^(?:Unit\s+UnitType\s|Ctl\s+Model\s|(?:V?Port)\s+Status\s|\/c\d+\/p\d+ Model = )/mu,
    parse: parseThreeWare,
  },
  { tool: 'mpt-status', sign: /^ioc:\d+ (?:vol|phys)_id:/mu, parse: parseMptStatus },
  { tool: 'megasasctl', sign: /^a0\s+\S.*\sbios:/mu, parse: parseMegasasctl },
];

export const raidTools: Importer = {
  id: 'raid-tools',
  name: 'RAID tool of a vendor (MegaCli, storcli, ssacli, arcconf, tw_cli ...)',
  recognise: (input) =>
    !input.isFolder && forms.some(({ sign }) => sign.test(headText(input).slice(0, 16_384))) ? 2 : 0,
  async *read(input, options) {
    const { text, cut } = await wholeText(input, options);
    const form = forms.find(({ sign }) => sign.test(text.slice(0, 16_384)));
    const controllers = form?.parse(text) ?? [];
    if (cut) yield cutProblem(input.name);
    if (controllers.length === 0) {
      yield lineProblem(
        0,
        `There is no controller and no disk in this output of ${form?.tool ?? 'a RAID tool'}.`,
      );
      return;
    }
    yield {
      kind: 'inventory',
      observedAt: options.now(),
      inventory: {
        identity: { name: serverNameOf(input, options), macs: [] },
        raidControllers: controllers,
        gaps: [],
      },
    };
    yield { kind: 'position', doneBytes: input.size };
  },
};
