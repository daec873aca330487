/** Words that are in every report, whatever servers are called: of headers, titles of figures, the glossary. */
import type { Block, Report, Section } from '../model.ts';

export interface OwnWords {
  /** In small letters. */
  has(word: string): boolean;
  /** Whether it is a part of one of them. */
  within(part: string): boolean;
}

/** Chapters whose tables are ours from the first word to the last. */
const OURS = ['glossary', 'units'];

/** What sentences are made of, beside the words of headers. */
const COMMON = `
  a about above added after again all also always among an and any are as asked at be because become becomes been before
  begin begins below beside best better between both bound built busiest busy but by can cannot capacity change changed
  changes cluster clustering collected computed condition conditions confidence consider copied core cores could customer
  data date day days decided depend depends different disk disks does done down drive driver drivers during each easier
  either else empty end ends enough entered estate estimated every everything fewer few figures first for found free from
  full gate gates given good group groups half hand hardware has have held here high highest hold holds hour hours how if
  image in information input into is it its keep kept kind known larger largest last late lead least left less level
  licence licences like line lines list little load local longer lowest machine machines made main many mean measured
  medium memory method minute minutes missing mitigation model money month more most move moves much must name named need
  needed needs net network networks never new next night no none normal not note nothing now number of old on once one ones
  only open operating operations order other others out output over owner paper part peak peaks per physical picture pilot
  place placed plan planned plans platform point power price prices processor processors profile proof put question rack
  range rate reach read reason reasons report retired risk risks role room rule rules run runs same sample samples saved
  savings scenario scope score seconds section see seen server servers shared sheet should show shown since size sized
  small so some source space spare specific stars start state status stay step still storage store summary survives system
  systems table take taken test than that the their them then there these they things this those through time times to
  today together told too total totals two typical under unit units unknown until up use used uses value values verdict
  version virtual virtualized virtualizing virtualization wave waves week weeks well were what when where whether which
  who whole why will window windows with within without work worth would year years yes
`;

export function ownWords(report: Report): OwnWords {
  const words = new Set(wordsOf(COMMON));
  const learn = (text: string): void => {
    for (const word of wordsOf(text)) words.add(word);
  };
  const block = (one: Block, ours: boolean): void => {
    if (one.kind === 'facts') for (const { id, title } of one.facts) learn(`${id} ${title}`);
    if (one.kind !== 'table') return;
    for (const { id, title, tones } of one.table.columns)
      learn([id, title, ...Object.keys(tones ?? {})].join(' '));
    if (!ours) return;
    for (const row of one.table.rows) for (const value of row) if (typeof value === 'string') learn(value);
  };
  const section = (one: Section): void => {
    const ours = OURS.includes(one.id);
    for (const inner of one.blocks) block(inner, ours);
    one.sections.forEach(section);
  };
  for (const { id, title } of report.figures) learn(`${id} ${title}`);
  report.sections.forEach(section);
  const all = ` ${[...words].join(' ')} `;
  return { has: (word) => words.has(word), within: (part) => all.includes(part) };
}

/** Without numbers: `42` is a word of nobody, and a name of somebody. */
const wordsOf = (text: string): string[] => text.toLowerCase().match(/\p{L}{2,}/gu) ?? [];
