/** Files of what lspci(8) or lsusb(8) printed, in any of their text forms. */
import { nameDevice } from '../../devices/devices.ts';
import { parseLspci, parseLsusb } from '../../linux/lspci.ts';
import type { Device } from '../../../store/model/inventory.ts';
import type { CollectedItem, Importer } from '../../collector.ts';
import { cutProblem, headText, lineProblem, nothingIn, serverNameOf, wholeText } from './whole-text.ts';

type Parse = (text: string, problem: (line: number, excerpt: string) => void) => Device[];

/** So many are kept with their text anyway (`CollectionProblem`). */
const MAX_PROBLEMS = 1000;

const importer = (
  id: string,
  name: string,
  tool: string,
  sure: (head: string) => 0 | 1 | 2 | 3,
  parse: Parse,
): Importer => ({
  id,
  name,
  recognise: (input) => (input.isFolder ? 0 : sure(headText(input))),
  async *read(input, options) {
    const { text, cut } = await wholeText(input, options);
    const problems: CollectedItem[] = [];
    let more = 0;
    const devices = parse(text, (line, excerpt) => {
      if (problems.length >= MAX_PROBLEMS) more++;
      else problems.push(lineProblem(line, `This line is no device as ${tool} lists them.`, excerpt));
    });
    if (devices.length === 0) throw nothingIn(input, tool);
    if (cut) yield cutProblem(input.name);
    yield* problems;
    if (more > 0) yield lineProblem(0, `More lines of that kind: ${more}.`);
    yield {
      kind: 'inventory',
      observedAt: options.now(),
      inventory: {
        identity: { name: serverNameOf(input, options), macs: [] },
        devices: devices.map(nameDevice),
        gaps: [],
      },
    };
    yield { kind: 'position', doneBytes: input.size };
  },
});

const ADDRESS_LINE =
  /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] (?:"|Class |[0-9a-f]{4}: |[A-Z][^:\n]{2,80}: )/mu;

export const lspci: Importer = importer(
  'lspci',
  'lspci (text)',
  'lspci',
  (head) => {
    if (/^Slot:\t(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/mu.test(head)) return 3;
    if (/^-(?:\+-)?\[[0-9a-f]{4,8}:[0-9a-f]{2}\]-/mu.test(head) || /^-\[0000\]-/mu.test(head)) return 3;
    return ADDRESS_LINE.test(head.slice(0, 8192)) ? 2 : 0;
  },
  parseLspci,
);

export const lsusb: Importer = importer(
  'lsusb',
  'lsusb (text)',
  'lsusb',
  (head) => (/^Bus \d{3} Device \d{3}: ID [0-9a-f]{4}:[0-9a-f]{4}/mu.test(head) ? 3 : 0),
  parseLsusb,
);
