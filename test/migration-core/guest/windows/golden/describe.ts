/**
 * What a conversion for each platform makes of the hives of one server, as text: planned by the product as `convert` plans, applied,
 * and told by hivexregedit, which reads the hives before and after. Each difference stands under the fixer that meant it.
 */
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { planConversion } from '../../../../../migration-core/convert/plan.ts';
import type { ConvertOptions } from '../../../../../migration-core/convert/options.ts';
import type { OpenServer } from '../../../../../migration-core/convert/server.ts';
import { applyEdits } from '../../../../../migration-core/guest/apply.ts';
import { invertEdits } from '../../../../../migration-core/guest/apply-undo.ts';
import type { PlannedFix } from '../../../../../migration-core/guest/fixers.ts';
import type { GuestTree } from '../../../../../migration-core/guest/tree.ts';
import { targetById, targets } from '../../../../../migration-core/target/table.ts';
import { convertOptions } from '../../../../support/convert-options.ts';
import { NOW } from '../../../../support/fix-guest.ts';
import { scratchFolder } from '../../../../support/tools.ts';
import { hivexExport } from '../../../registry/fixtures.ts';
import { blocksOf, differences, fileLines, linesOf, type Blocks, type Difference } from './difference.ts';
import { openGoldenServer, type GoldenServer } from './server.ts';

/** Every platform; and those for whose hardware others make drivers once more, with a source of them. */
const CASES: readonly { name: string; target: string; drivers: boolean }[] = [
  ...targets.map(({ id }) => ({ name: id, target: id, drivers: false })),
  ...['kvm', 'vmware-esxi'].map((id) => ({ name: `${id} --drivers`, target: id, drivers: true })),
];

/** Lines by heading: the fixer, and the hive they are in. */
type Section = Map<string, string[]>;

interface Case {
  name: string;
  hardware: string;
  /** Why nothing is written. */
  blockers: string[];
  lines: Section;
}

export async function describeServer(golden: GoldenServer, driverSource: string): Promise<string> {
  const server = await openGoldenServer(golden);
  const { system, software, bootStores } = server.inspection!.guest.windows!.hives;
  const judge = await Judge.of(server.inspection!.tree, [system, software, ...bootStores]);
  const cases: (() => Promise<Case>)[] = [];
  for (const { name, target, drivers } of CASES)
    cases.push(await caseOf(judge, server, name, optionsFor(target, drivers ? [driverSource] : [])));
  return textOf(golden, await Promise.all(cases.map((done) => done())));
}

const optionsFor = (target: string, drivers: string[]): ConvertOptions =>
  convertOptions('disk0', target, 'nowhere', { cpus: 2, memoryMiB: 2048, wholeDisk: true, drivers });

/** Applies what is planned and takes it back again; what comes of it is known when hivexregedit has read it. */
async function caseOf(
  judge: Judge,
  server: OpenServer,
  name: string,
  options: ConvertOptions,
): Promise<() => Promise<Case>> {
  const { tree } = server.inspection!;
  const plan = await planConversion(server, targetById(options.target)!, options, { largestFile: Infinity });
  const { disks, nics } = plan.machine;
  const hardware = `disks on ${disks[0]!.bus}, network card ${nics[0]?.model ?? 'none'}`;
  const blockers = plan.findings
    .filter(({ severity }) => severity === 'blocker')
    .map(({ code, message }) => `${code}: ${message}`);
  // As `convert` does: with a blocker nothing is written.
  if (blockers.length > 0) return async () => ({ name, hardware, blockers, lines: new Map() });
  const edits = plan.fixes.flatMap((fix) => fix.edits);
  const records = await applyEdits(tree, edits, { now: NOW });
  const reading = await judge.read();
  await applyEdits(tree, invertEdits(records), { now: NOW });
  await judge.expectUnchanged();
  return async () => ({ name, hardware, blockers, lines: sectionsOf(plan.fixes, await reading()) });
}

function sectionsOf(fixes: readonly PlannedFix[], found: ReadonlyMap<string, Difference[]>): Section {
  const lines: Section = new Map();
  for (const { fixer, edits } of fixes) {
    for (const [path, all] of found) {
      const mine = all.filter((one) => ownerOf(fixes, path, one) === fixer);
      if (mine.length > 0) lines.set(`${fixer}, ${nameOf(path)}`, linesOf(mine));
    }
    const files = fileLines(edits.map(({ action }) => action));
    if (files.length > 0) lines.set(`${fixer}, files`, files);
  }
  return lines;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).toUpperCase();

/** The fixer that planned the change of this value or key. @throws where none did */
function ownerOf(fixes: readonly PlannedFix[], path: string, { key, name }: Difference): string {
  const lower = key.toLowerCase();
  for (const { fixer, edits } of fixes)
    for (const { action } of edits) {
      if (action.kind !== 'registry' || action.path !== path) continue;
      for (const change of action.changes) {
        const at = change.key.toLowerCase();
        const meant =
          change.op === 'delete-key'
            ? lower === at || lower.startsWith(`${at}\\`)
            : lower === at &&
              ('name' in change ? change.name.toLowerCase() === name?.toLowerCase() : name === null);
        if (meant) return fixer;
      }
    }
  throw new Error(`${path}: ${key} ${name ?? ''} differs, and nobody planned that`);
}

interface Before {
  bytes: Buffer;
  exported: Blocks;
}

/** hivexregedit on the hives of a server: as they were, and as they are each time it is asked. */
class Judge {
  readonly #tree: GuestTree;
  readonly #before: ReadonlyMap<string, Before>;
  /** By digest: platforms with the same changes give the same bytes. */
  readonly #known = new Map<string, Promise<Blocks>>();

  private constructor(tree: GuestTree, before: ReadonlyMap<string, Before>) {
    this.#tree = tree;
    this.#before = before;
  }

  static async of(tree: GuestTree, paths: readonly string[]): Promise<Judge> {
    const before = new Map<string, Before>();
    for (const path of paths) {
      const bytes = Buffer.from(await tree.readFile(path));
      before.set(path, { bytes, exported: await exported(bytes) });
    }
    return new Judge(tree, before);
  }

  /** The hives are read now, and what differs in them is told later. */
  async read(): Promise<() => Promise<Map<string, Difference[]>>> {
    const now = new Map<string, Promise<Blocks>>();
    for (const [path, { bytes: old }] of this.#before) {
      const bytes = Buffer.from(await this.#tree.readFile(path));
      if (bytes.equals(old)) continue;
      const digest = hash('sha256', bytes);
      const reading = this.#known.get(digest) ?? exported(bytes);
      this.#known.set(digest, reading);
      now.set(path, reading);
    }
    return async () => {
      const found = new Map<string, Difference[]>();
      for (const [path, reading] of now)
        found.set(path, differences(this.#before.get(path)!.exported, await reading));
      return found;
    };
  }

  /** Taken back, the hives have every byte they had. */
  async expectUnchanged(): Promise<void> {
    for (const [path, { bytes }] of this.#before)
      if (!bytes.equals(await this.#tree.readFile(path))) throw new Error(`${path} is not as it was`);
  }
}

async function exported(bytes: Uint8Array): Promise<Blocks> {
  const path = join(await scratchFolder(), 'hive');
  writeFileSync(path, bytes);
  return blocksOf(await hivexExport(path));
}

/** Every line once, under the platforms that get it; those of all first, then in the order of the platforms. */
function textOf({ about }: GoldenServer, cases: readonly Case[]): string {
  const done = cases.filter(({ blockers }) => blockers.length === 0);
  const text = [about, ''];
  for (const { name, hardware, blockers } of cases)
    text.push(`${name}: ${blockers.length === 0 ? hardware : `REFUSED ${blockers.join(' ')}`}`);
  const parts = new Map<string, Section>();
  for (const { lines } of done)
    for (const [heading, all] of lines)
      for (const line of all) {
        const having = done.filter((other) => other.lines.get(heading)?.includes(line) === true);
        const names = having.length === done.length ? 'all' : having.map(({ name }) => name).join(', ');
        const part = parts.get(names) ?? new Map<string, string[]>();
        parts.set(names, part);
        const known = part.get(heading) ?? [];
        part.set(heading, known.includes(line) ? known : [...known, line]);
      }
  for (const names of [...parts.keys()].sort((a, b) => Number(b === 'all') - Number(a === 'all'))) {
    text.push('', `== ${names} ==`);
    for (const [heading, lines] of parts.get(names)!) text.push(`[${heading}]`, ...lines);
  }
  return `${text.join('\n')}\n`;
}
