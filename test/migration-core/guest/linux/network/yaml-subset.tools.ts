/** Our part of YAML against PyYAML: what we accept must mean the same to it, whatever the text. */
import { expect, test } from 'vitest';
import { isIronliftError } from '../../../../../migration-core/base/errors.ts';
import { parseYaml, type YamlNode } from '../../../../../migration-core/guest/linux/network/yaml-subset.ts';
import { run, seeded } from '../../../../support/tools.ts';

const TEXTS = [
  'network:\n  version: 2\n  ethernets:\n    eno1:\n      addresses:\n      - 192.0.2.20/24\n      - "2001:db8::20/64":\n          label: main\n      routes: [{to: default, via: 192.0.2.1}]\n',
  "a: 'it''s'\nb: x # comment\nc: [1, 'two', \"three\", {d: e}]\nf:\n  - g: h\n    i: j\n  -\n    k: l\n  - - m\n    - n\n",
  '---\n# head\nkey: "a: b"\n"quoted key": 1\nempty:\nlist:\n- x\n- y: z\n\nmac: aa:bb:cc:dd:ee:ff\nurl: http://x/#y\n',
  '{network: {ethernets: {eno1: {match: {macaddress: "3c:fd:fe:00:11:22"}, dhcp4: true}}}}\n',
  'multi: [a,\n  b,\n  c]\nmap: {x: 1,\n  y: 2}\n',
];
const ROUNDS = 10_000;

/** As PyYAML's BaseLoader gives it: all scalars are strings. */
function plain(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [`k ${key}`, plain(value)]));
}

const JUDGE = `
import json, sys, yaml
def plain(node):
    if isinstance(node, dict): return {('k ' + (k if isinstance(k, str) else repr(k))): plain(v) for k, v in node.items()}
    if isinstance(node, list): return [plain(v) for v in node]
    return node
out = []
for text in json.load(sys.stdin):
    try: out.append({'value': plain(yaml.load(text, Loader=yaml.BaseLoader))})
    except Exception as error: out.append({'error': str(error)[:200]})
json.dump(out, sys.stdout)
`;

function mutated(random: () => number): string {
  let text = TEXTS[Math.floor(random() * TEXTS.length)]!;
  const pieces = [
    ':',
    ' ',
    '\n',
    '- ',
    '#',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '  ',
    'x',
    ': ',
    ' #',
    '\n  ',
    '? ',
    '&a ',
    '!t ',
  ];
  for (let i = Math.floor(random() * 5); i > 0; i--) {
    const at = Math.floor(random() * text.length);
    const piece = pieces[Math.floor(random() * pieces.length)]!;
    text = text.slice(0, at) + (random() < 0.6 ? piece : '') + text.slice(at + Math.floor(random() * 4));
  }
  return text;
}

test(`${ROUNDS} texts`, async () => {
  const random = seeded(11);
  const accepted: { text: string; value: unknown }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const text = round < TEXTS.length ? TEXTS[round]! : mutated(random);
    try {
      accepted.push({ text, value: plain(parseYaml(text)) });
    } catch (error) {
      if (!isIronliftError(error, 'NETWORK_YAML_NOT_UNDERSTOOD')) throw error;
    }
  }
  // The second text has an escaped quote, which we refuse.
  expect(accepted.length).toBeGreaterThan(ROUNDS / 4);
  const judged = JSON.parse(
    await run('python3', ['-c', JUDGE], { input: JSON.stringify(accepted.map(({ text }) => text)) }),
  ) as { value?: unknown; error?: string }[];
  const wrong = accepted
    .map(({ text, value }, index) => ({ text, ours: value, theirs: judged[index]! }))
    .filter(
      ({ ours, theirs }) =>
        theirs.error !== undefined || JSON.stringify(ours) !== JSON.stringify(theirs.value ?? {}),
    );
  expect(wrong.slice(0, 5)).toEqual([]);
});
