/**
 * An estate that was read once and is asked many questions: it lives in a process that stays, reads what changed in the
 * engagement file and nothing else, and keeps the latest answers of each scenario.
 */
import { PROFILE_RULES } from '../../assess/model/context.ts';
import type { WeekShape } from '../../assess/model/demand.ts';
import type { ServerFacts } from '../../assess/model/facts.ts';
import { readEstate, type EstateProblem } from '../../assess/read-estate.ts';
import { ruleBook, type RulePack } from '../../assess/rules/pack.ts';
import { encodeProfile } from '../../assess/characterise/codec.ts';
import { isIronliftError } from '../../base/errors.ts';
import type { ProgressListener } from '../../base/progress.ts';
import { DEFAULT_SCENARIO, keptScenario, scenarioNames } from '../../plan/kept.ts';
import { collectedIn, digestOf, planInputsOf } from '../../plan/inputs.ts';
import { keptPlan, type PlanDocument, type PlanInputs } from '../../plan/model/plan-document.ts';
import type { Scenario } from '../../plan/model/scenario.ts';
import { openPlan, type OpenedPlan } from '../../plan/opened-plan.ts';
import {
  assessFacts,
  planRequestOf,
  profileMaker,
  reassess,
  type AssessedStudy,
  type StudyOptions,
} from '../../plan/study.ts';
import type { EngagementFile, ServerId } from '../../store/engagement.ts';
import { projectOf } from '../../store/model/project.ts';
import { damageOf, soundRulePacks, withSoundRules, type SoundPacks } from './sound-packs.ts';

/** Up to so many servers the weeks of all profiles are kept in memory (30 KB each), so that changing one costs no reading. */
const ALL_SHAPES_UP_TO = 2000;
/** Answers that are kept: of the scenarios that are looked at in turn. */
const KEPT_STUDIES = 6;
/** Profiles that wait to be written by who may write: 50 KB each. */
const MAX_WAITING = 500;

export interface RoomWorld {
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface Asking {
  signal?: AbortSignal | undefined;
  progress?: ProgressListener | undefined;
}

export interface Stand {
  stamp: string;
  /** Of the facts: another number when any of them was read anew. */
  version: number;
  facts: ServerFacts[];
  problems: EstateProblem[];
  packs: Map<string, RulePack>;
  shapes: WeekShape[];
  /** What was read of it, to see what is another one: of all servers, and of what is said of each. */
  collected: string;
  said: Map<ServerId, string>;
}

export class StudyRoom {
  readonly engagement: EngagementFile;
  readonly #world: RoomWorld;
  #stand: Stand | null = null;
  /** By what they were made from, the latest last. */
  readonly #studies = new Map<string, AssessedStudy>();
  readonly #plans = new Map<string, { word: string; opened: OpenedPlan }>();
  readonly #waiting = new Map<ServerId, Uint8Array>();

  #sound: { stamp: unknown; packs: SoundPacks } | null = null;

  constructor(engagement: EngagementFile, world: RoomWorld) {
    this.engagement = engagement;
    this.#world = world;
  }

  /** Demand profiles that were made here and may be kept by who has the file open for writing; each is handed out once. */
  takeProfiles(most: number): { server: ServerId; bytes: Uint8Array }[] {
    // What came since makes other profiles.
    if (this.#stand?.collected !== collectedIn(this.engagement)) this.#waiting.clear();
    const taken = [...this.#waiting].slice(0, most).map(([server, bytes]) => ({ server, bytes }));
    for (const { server } of taken) this.#waiting.delete(server);
    return taken;
  }

  /** Rule packs that can be used, and what is wrong with the others. */
  sound(): SoundPacks {
    const stamp = this.engagement.changeStamp();
    if (this.#sound?.stamp !== stamp) this.#sound = { stamp, packs: soundRulePacks(this.engagement) };
    return this.#sound.packs;
  }

  /** How many of them wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** As it is kept. @throws SCENARIO_INVALID */
  scenario(name: string): Scenario {
    return keptScenario(this.engagement, name);
  }

  /** One of that name, or the default where none is kept: what a new one is held against. */
  scenarioOrDefault(name: string): Scenario {
    const known = scenarioNames(this.engagement).includes(name);
    return this.scenario(known ? name : DEFAULT_SCENARIO);
  }

  /** @throws SCENARIO_INVALID, RULE_PACK_INVALID, CANCELLED */
  async study(
    asked: Scenario,
    asking: Asking = {},
    packs?: ReadonlyMap<string, RulePack>,
  ): Promise<AssessedStudy> {
    const sound = this.sound();
    const scenario = packs === undefined ? withSoundRules(asked, sound) : asked;
    const damage = damageOf(sound.damaged, { wanted: asked.rulePack, used: scenario.rulePack });
    const wanted = shapeOf(scenario, packs ?? sound.packs);
    const stand = await this.#look(wanted, asking);
    const options = this.options(packs ?? stand.packs, asking);
    const word = digestOf([stand.version, day(options.now), scenario, [...options.packs.values()], damage]);
    const known = this.#studies.get(word);
    if (known !== undefined) {
      this.#studies.delete(word);
      this.#studies.set(word, known);
      return known;
    }
    const last = [...this.#studies.values()].at(-1);
    const study =
      last !== undefined && last.facts === stand.facts
        ? { ...reassess(last, scenario, options), problems: [...damage, ...stand.problems] }
        : assessFacts(stand.facts, [...damage, ...stand.problems], scenario, options);
    this.#studies.set(word, study);
    for (const old of [...this.#studies.keys()].slice(0, -KEPT_STUDIES)) this.#studies.delete(old);
    return study;
  }

  /** null: none was made. */
  plan(name: string): PlanDocument | null {
    return keptPlan(this.engagement, name);
  }

  /** The plan with the sums of its hosts. */
  async opened(name: string, document: PlanDocument, asking: Asking = {}): Promise<OpenedPlan> {
    const study = await this.study(this.scenario(name), asking);
    const word = digestOf([this.#stand!.version, document.madeAt, study.scenario, study.context.rules.all()]);
    const known = this.#plans.get(name);
    if (known?.word === word) return known.opened;
    const opened = openPlan(planRequestOf(study, this.options(this.#stand!.packs, asking)), document.plan);
    this.#plans.set(name, { word, opened });
    for (const old of [...this.#plans.keys()].slice(0, -KEPT_STUDIES)) this.#plans.delete(old);
    return opened;
  }

  options(packs: ReadonlyMap<string, RulePack>, { signal, progress }: Asking = {}): StudyOptions {
    const { currency } = projectOf(this.engagement);
    return { now: this.#world.now(), packs, currency, signal, progress };
  }

  async packs(asking: Asking = {}): Promise<ReadonlyMap<string, RulePack>> {
    return (await this.#look(null, asking)).packs;
  }

  /** Digests of what a plan of the scenario would be made from now. */
  async inputs(asked: Scenario, asking: Asking = {}): Promise<PlanInputs> {
    const sound = this.sound();
    const scenario = withSoundRules(asked, sound);
    const { packs, collected, facts } = await this.#look(shapeOf(scenario, sound.packs), asking);
    return planInputsOf(scenario, packs, collected, facts);
  }

  /** Reads what is another one than before. */
  async #look(wanted: WeekShape | null, asking: Asking): Promise<Stand> {
    const stamp = this.engagement.changeStamp();
    const before = this.#stand;
    const hasShape = before !== null && (wanted === null || before.shapes.includes(wanted));
    if (before?.stamp === stamp && hasShape) return before;
    const { packs } = this.sound();
    const collected = collectedIn(this.engagement);
    const said = saidIn(this.engagement);
    if (before !== null && hasShape && before.collected === collected) {
      const changed = [...said].filter(([id, text]) => before.said.get(id) !== text).map(([id]) => id);
      if (changed.length === 0) this.#stand = { ...before, stamp, packs };
      else {
        const facts = await this.#again(before, new Set(changed), asking);
        this.#stand = { ...before, stamp, packs, said, facts, version: before.version + 1 };
      }
      return this.#stand;
    }
    const shapes = this.#shapes(wanted, before?.shapes ?? [], packs);
    this.#waiting.clear();
    const { facts, problems } = await this.#read(shapes, undefined, asking);
    this.#studies.clear();
    this.#plans.clear();
    const version = (before?.version ?? 0) + 1;
    this.#stand = { stamp, version, facts, problems, packs, shapes, collected, said };
    return this.#stand;
  }

  #shapes(
    wanted: WeekShape | null,
    before: readonly WeekShape[],
    packs: ReadonlyMap<string, RulePack>,
  ): WeekShape[] {
    const few = this.engagement.servers().length <= ALL_SHAPES_UP_TO;
    const book = ruleBook('modern', packs);
    const all = few ? Object.values(PROFILE_RULES).map((rule) => book.value(rule).shape) : [];
    return [...new Set([...all, ...before, ...(wanted === null ? [] : [wanted])])];
  }

  /** Those of whom something else is said: a backup window makes another profile. */
  async #again(
    { facts, shapes }: Stand,
    changed: ReadonlySet<ServerId>,
    asking: Asking,
  ): Promise<ServerFacts[]> {
    const fresh = new Map(
      (await this.#read(shapes, changed, asking)).facts.map((one) => [one.id, one] as const),
    );
    return facts.map((one) => fresh.get(one.id) ?? one);
  }

  async #read(shapes: readonly WeekShape[], only: ReadonlySet<ServerId> | undefined, asking: Asking) {
    // Who reads only, keeps what was made for who may write.
    const maker: typeof profileMaker = {
      ...profileMaker,
      characterise: (engagement, id, inventory, annotations) => {
        const profile = profileMaker.characterise(engagement, id, inventory, annotations);
        if (profile !== null && engagement.readOnly && this.#waiting.size < MAX_WAITING)
          this.#waiting.set(id, encodeProfile(profile));
        return profile;
      },
    };
    return readEstate(this.engagement, maker, {
      shapes,
      only: only === undefined ? undefined : ({ id }) => only.has(id),
      signal: asking.signal,
      progress: asking.progress,
    });
  }
}

const day = (now: number): number => Math.floor(now / 86_400_000);

const shapeOf = (scenario: Scenario, packs: ReadonlyMap<string, RulePack>): WeekShape =>
  ruleBook(scenario.rulePack, packs).value(PROFILE_RULES[scenario.profile]).shape;

/** What is said of each. */
const saidIn = (engagement: EngagementFile): Map<ServerId, string> =>
  new Map(engagement.servers().map(({ id }) => [id, JSON.stringify(saidOf(engagement, id))]));

/** What cannot be read is told when the server is read; here it is only another text. */
function saidOf(engagement: EngagementFile, id: ServerId): unknown {
  try {
    return engagement.annotations(id);
  } catch (error) {
    if (isIronliftError(error, 'ENGAGEMENT_DAMAGED')) return null;
    throw error;
  }
}
