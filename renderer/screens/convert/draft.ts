/**
 * What was chosen for a conversion so far. null stands for the default, so that a default that becomes better known (the
 * server was linked, the disks were read) still counts, and what a person typed is never overwritten.
 */
import type { Input, Output } from '../../../migration-core/contract/contract.ts';
import type { FileRef } from '../../../migration-core/contract/files.ts';
import { convert as words } from '../../text/convert.ts';

export type Choice = Input<'convert.start'>['options'];
type Whole = Output<'convert.preview'>;
export type Plan = NonNullable<Whole['plan']>;
export type Inspection = Output<'convert.inspect'>;
export type TargetView = Output<'convert.targets'>['targets'][number];
type Assessed = Output<'assessment.server'>;
export type NicMode = 'isolated' | 'nat' | 'bridged' | 'host-only';
export type Allocation = NonNullable<Choice['allocation']>;

export interface NicDraft {
  /** As the server calls the interface; null: the disks do not tell of one. */
  guestName: string | null;
  mode: NicMode;
  network: string;
  vlan: number | null;
  mac: 'keep' | 'new' | 'own';
  /** Where `mac` is `own`. */
  address: string;
}

export interface Draft {
  sources: FileRef[];
  server: number | null;
  root: string;
  allowMounted: boolean;
  target: string | null;
  format: string | null;
  allocation: Allocation;
  bus: string | null;
  output: FileRef | null;
  name: string | null;
  cpus: number | null;
  memoryMiB: number | null;
  nics: NicDraft[] | null;
  /** Folders and CD images with drivers; those of Windows guests only are asked for. */
  drivers: FileRef[];
  wholeDisk: boolean;
  fix: boolean;
  verify: boolean;
  zeroBadSectors: boolean;
  acceptUncleanNtfs: boolean;
}

/** A disk of this computer, and no image: a name under `/dev/`, or one of the kind of `PhysicalDrive0`. */
export const isDevice = ({ path }: Pick<FileRef, 'path'>): boolean => /^(?:\/dev\/|\\\\\.\\)/u.test(path);

/** For which disks a person has to give the right to read them; null: for none, or the program has it. */
export function rightFor(
  sources: readonly Pick<FileRef, 'id' | 'path'>[],
  localDisks: string,
): string | null {
  const devices = sources.filter(isDevice).map(({ id }) => id);
  return localDisks === 'helper' && devices.length > 0 ? devices.sort().join(' ') : null;
}

export const freshDraft = (server: number | null = null): Draft => ({
  sources: [],
  server,
  root: '',
  allowMounted: false,
  target: null,
  format: null,
  allocation: 'thin',
  bus: null,
  output: null,
  name: null,
  cpus: null,
  memoryMiB: null,
  nics: null,
  drivers: [],
  wholeDisk: false,
  fix: true,
  verify: true,
  zeroBadSectors: false,
  acceptUncleanNtfs: false,
});

const UNCLEAN: readonly string[] = ['NTFS_LOG_DIRTY', 'NTFS_NOT_CLEAN'];

/** Whether volumes of the server were not closed, so that a person has to decide; or has decided. */
export const asksForUnclean = (
  draft: Pick<Draft, 'fix' | 'acceptUncleanNtfs'>,
  inspection: { findings: readonly { code: string }[] } | null,
): boolean =>
  draft.fix &&
  (draft.acceptUncleanNtfs || (inspection?.findings ?? []).some(({ code }) => UNCLEAN.includes(code)));

/** Whether nothing stands in the way but what a person may decide on before the conversion. */
export const needsDecisionOnly = (findings: readonly { code: string; severity: string }[]): boolean => {
  const blockers = findings.filter(({ severity }) => severity === 'blocker');
  return blockers.length > 0 && blockers.every(({ code }) => UNCLEAN.includes(code));
};

export interface Standards {
  /** The platform that the scenario plans for, where it can be converted for; null: not known. */
  target: string | null;
  name: string | null;
  cpus: number | null;
  memoryMiB: number | null;
  /** Where the two above come from. */
  sizeFrom: 'assessment' | 'source' | 'unknown';
  nics: NicDraft[];
}

const MIB = 2 ** 20;
/** As the program takes names; another one is left for it to choose. */
const NAME = /^\w[\w .-]{0,79}$/u;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/u;

/** What holds where nothing was typed: sized by the assessment of the linked server, else as the source says. */
export function standardsOf(
  inspection: Inspection | null,
  assessed: Assessed | null,
  target: string | null = null,
): Standards {
  const sized = assessed?.machine ?? null;
  const machine = inspection?.machine ?? null;
  const name = [machine?.name, inspection?.guest?.hostName].find(
    (known) => known !== undefined && NAME.test(known),
  );
  const physical = (inspection?.guest?.interfaces ?? []).filter(({ kind }) => kind === 'physical');
  const names: (string | null)[] = physical.length === 0 ? [null] : physical.map((one) => one.name);
  return {
    target,
    name: name ?? null,
    cpus: sized?.vcpus ?? machine?.cpus ?? null,
    memoryMiB: sized === null ? (machine?.memoryMiB ?? null) : Math.ceil(sized.memoryBytes / MIB),
    sizeFrom: sized !== null ? 'assessment' : machine?.cpus != null ? 'source' : 'unknown',
    nics: names.map((guestName) => ({
      guestName,
      mode: 'isolated',
      network: '',
      vlan: null,
      mac: 'keep',
      address: '',
    })),
  };
}

/** What a person chose, else what the scenario plans for. */
export const targetOf = (
  draft: Pick<Draft, 'target'>,
  { target }: Pick<Standards, 'target'>,
): string | null => draft.target ?? target;

/** Platforms of scenarios are named as those of conversions are; one that is not among them says nothing. */
export const plannedTarget = (
  platform: string | undefined,
  targets: readonly Pick<TargetView, 'id'>[],
): string | null => targets.find(({ id }) => id === platform)?.id ?? null;

/** Cards as they stand: those that were changed, else one isolated card for each interface of the server. */
export const nicsOf = (draft: Draft, standards: Standards): NicDraft[] => draft.nics ?? standards.nics;

export const sameNic = (a: NicDraft, b: NicDraft | undefined): boolean =>
  b !== undefined &&
  a.mode === b.mode &&
  a.network.trim() === b.network.trim() &&
  a.vlan === b.vlan &&
  a.mac === b.mac &&
  (a.mac !== 'own' || a.address === b.address);

export const normalMac = (typed: string): string => typed.trim().toLowerCase().replaceAll('-', ':');

export const STEPS = [
  'source',
  'target',
  'options',
  'preflight',
  'configuration',
  'run',
  'test',
  'accept',
  'result',
] as const;
export type StepId = (typeof STEPS)[number];
/** Of a conversion that has not begun. */
export const CHOOSING = STEPS.slice(0, 5);

/** What is missing or wrong in a step, one sentence; null: nothing. */
export function problemOf(step: StepId, draft: Draft, standards: Standards): string | null {
  switch (step) {
    case 'source':
      return draft.sources.length === 0 ? words.source.needed : null;
    case 'target':
      return targetOf(draft, standards) === null
        ? words.target.needed
        : draft.output === null
          ? words.target.outputNeeded
          : null;
    case 'options': {
      if (draft.name !== null && !NAME.test(draft.name)) return words.options.nameWrong;
      const wrong = nicsOf(draft, standards).some(
        ({ mac, address }) => mac === 'own' && !MAC.test(normalMac(address)),
      );
      return wrong ? words.options.macWrong : null;
    }
    default:
      return null;
  }
}

export const nameProblem = (name: string | null): string | null =>
  name === null || NAME.test(name) ? null : words.options.nameWrong;
export const macProblem = ({ mac, address }: NicDraft): string | null =>
  mac !== 'own' || MAC.test(normalMac(address)) ? null : words.options.macWrong;

/** What is asked of the program; null while a step still lacks something. */
export function choiceOf(draft: Draft, standards: Standards): Choice | null {
  if (STEPS.some((step) => problemOf(step, draft, standards) !== null)) return null;
  return {
    sources: draft.sources.map(({ id }) => id),
    target: targetOf(draft, standards)!,
    output: draft.output!.id,
    name: draft.name ?? standards.name,
    format: draft.format,
    allocation: draft.allocation,
    bus: draft.bus as NonNullable<Choice['bus']> | null,
    cpus: draft.cpus ?? standards.cpus,
    memoryMiB: draft.memoryMiB ?? standards.memoryMiB,
    // Left to the program while nobody changed a card: it knows more of them than the page.
    nics:
      draft.nics === null
        ? []
        : draft.nics.map(({ mode, network, vlan, mac, address }) => ({
            mode,
            network: network.trim() === '' ? null : network.trim(),
            vlan,
            mac: mac === 'own' ? normalMac(address) : mac,
          })),
    wholeDisk: draft.wholeDisk,
    fix: draft.fix,
    verify: draft.verify,
    root: draft.root.trim() === '' ? null : draft.root.trim(),
    zeroBadSectors: draft.zeroBadSectors,
    allowMounted: draft.allowMounted,
    acceptUncleanNtfs: draft.acceptUncleanNtfs,
    drivers: draft.drivers.map(({ id }) => id),
  };
}

/** Of a pre-flight: whether the conversion may start, and if not, why. `asked`: what the checks were made for. */
export function startProblem(
  choice: Choice | null,
  asked: string | null,
  preview: Pick<Whole, 'blocked' | 'plan'> | null,
): string | null {
  if (choice === null) return words.preflight.incomplete;
  if (preview === null || asked !== keyOf(choice)) return words.preflight.notChecked;
  return preview.blocked || preview.plan === null ? words.preflight.blocked : null;
}

/** Equal for equal choices. */
export const keyOf = (choice: Choice): string => JSON.stringify(choice);

/** Another target has other formats and buses: what it lacks goes back to its default. */
export function chooseTarget(draft: Draft, target: TargetView): void {
  draft.target = target.id;
  if (!target.formats.some(({ id }) => id === draft.format)) draft.format = null;
  if (!target.buses.some(({ id }) => id === draft.bus)) draft.bus = null;
}

export function moveSource(draft: Draft, index: number, by: -1 | 1): void {
  const to = index + by;
  const [one, other] = [draft.sources[index], draft.sources[to]];
  if (one === undefined || other === undefined) return;
  draft.sources = draft.sources.with(index, other).with(to, one);
}

/** The resulting configuration as text, to be pasted into a ticket. */
export function planText(plan: Plan, bytes: (amount: number) => string): string {
  const { machine } = plan;
  return [
    `${machine.name}: ${machine.cpus} CPUs, ${bytes(machine.memoryMiB * MIB)}, ${machine.firmware}`,
    ...machine.disks.map(
      ({ file, format, bytes: size, bus }) => `${file}: ${bytes(size)}, ${format}, ${bus}`,
    ),
    ...machine.nics.map(({ model, mac, mode, network, vlan }) =>
      [model, mac, mode, network, vlan === null ? null : `VLAN ${vlan}`]
        .filter((part) => part !== null)
        .join(', '),
    ),
    '',
    ...plan.hardware.map(({ what, source, virtual }) => `${what}: ${source} -> ${virtual}`),
    '',
    ...plan.changes.map(({ what, why, path }) => `${path}: ${what} (${why})`),
  ].join('\n');
}
