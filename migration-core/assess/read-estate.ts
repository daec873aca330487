/**
 * From the engagement file to what the assessment asks for: the facts of each server, one after the other. Demand
 * profiles that are missing are made from the samples, and kept, so that the next time is a matter of seconds.
 */
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { isIronliftError, type IronliftError } from '../base/errors.ts';
import { countedProgress, type ProgressListener } from '../base/progress.ts';
import type { EngagementFile, ServerId, ServerSummary } from '../store/engagement.ts';
import type { ServerAnnotations } from '../store/model/annotations.ts';
import type { ServerInventory } from '../store/model/inventory.ts';
import type { DemandProfile, WeekShape } from './model/demand.ts';
import type { ServerFacts } from './model/facts.ts';

/** How profiles are made and written down (assess/characterise). */
export interface ProfileMaker {
  /** null: nothing was measured that is sized for. Synchronous: no sample may come while it works. */
  characterise(
    engagement: EngagementFile,
    id: ServerId,
    inventory: ServerInventory | null,
    annotations: ServerAnnotations,
  ): DemandProfile | null;
  encode(profile: DemandProfile): Uint8Array;
  /** With weeks of these shapes only; null: of another version, or not understood. */
  decode(bytes: Uint8Array, shapes: readonly WeekShape[]): DemandProfile | null;
}

export interface ReadEstateOptions {
  /** Weeks that profiles are wanted with. One shape of 10 minutes is 20 KB a server, all four are 50 KB. */
  shapes: readonly WeekShape[];
  /** Only these; absent: all. */
  only?: ((server: ServerSummary) => boolean) | undefined;
  signal?: AbortSignal | undefined;
  progress?: ProgressListener | undefined;
}

/** Part of what is known of a server could not be read; the rest of it is there. */
export interface EstateProblem {
  /** null: of the engagement as a whole. */
  server: ServerId | null;
  name: string;
  /** Two sentences: what happened, what to do. */
  message: string;
  next: string;
}

export interface EstateReading {
  facts: ServerFacts;
  problems: EstateProblem[];
  /** Its profile was made now, and is in the file. */
  made: boolean;
  kept: boolean;
}

/** Servers between two looks at the clock of the caller. */
const TURN = 50;

/**
 * All servers in the order of the list, each as soon as it is read: whoever keeps no facts needs no memory for them.
 * Damage of one server is its own problem. A file that cannot be written, or is full, is read all the same.
 * @throws CANCELLED; profiles that were made until then are kept
 */
export async function* eachServer(
  engagement: EngagementFile,
  maker: ProfileMaker,
  options: ReadEstateOptions,
): AsyncGenerator<EstateReading> {
  const servers = engagement.servers().filter(options.only ?? (() => true));
  let keeps = !engagement.readOnly;
  for (const [done, server] of servers.entries()) {
    throwIfCancelled(options.signal);
    options.progress?.(countedProgress('Reading servers', 'servers', done, servers.length));
    const reading = readServer(engagement, server, maker, options.shapes, keeps);
    if (reading.made && !reading.kept) keeps = false;
    yield reading;
    if (reading.made || done % TURN === 0) await setImmediate();
  }
  throwIfCancelled(options.signal);
  options.progress?.(countedProgress('Reading servers', 'servers', servers.length, servers.length));
}

/** All of them at once. */
export async function readEstate(
  engagement: EngagementFile,
  maker: ProfileMaker,
  options: ReadEstateOptions,
): Promise<{ facts: ServerFacts[]; problems: EstateProblem[]; made: number; kept: number }> {
  const estate = { facts: [] as ServerFacts[], problems: [] as EstateProblem[], made: 0, kept: 0 };
  for await (const { facts, problems, made, kept } of eachServer(engagement, maker, options)) {
    estate.facts.push(facts);
    estate.problems.push(...problems);
    if (made) estate.made++;
    if (kept) estate.kept++;
  }
  return estate;
}

function readServer(
  engagement: EngagementFile,
  server: ServerSummary,
  maker: ProfileMaker,
  shapes: readonly WeekShape[],
  keeps: boolean,
): EstateReading {
  const { id, identity } = server;
  const problems: EstateProblem[] = [];
  const attempt = <T>(part: string, otherwise: T, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (!isIronliftError(error) || !isOfOneServer(error)) throw error;
      problems.push({
        server: id,
        name: identity.name,
        message: `${part} of ${identity.name} could not be used: ${error.message}`,
        next: error.next,
      });
      return otherwise;
    }
  };
  const annotations = attempt('What was said', {}, () => engagement.annotations(id));
  const inventory = attempt('The inventory', null, () => engagement.inventory(id)?.inventory ?? null);
  let made = false;
  let kept = false;
  const profile = attempt('The samples', null, () => {
    if (server.firstSample === null) return null;
    const there = engagement.demandProfile(id);
    const known = there === null ? null : maker.decode(there, shapes);
    if (known !== null) return known;
    const fresh = maker.characterise(engagement, id, inventory, annotations);
    if (fresh === null) return null;
    made = true;
    const bytes = maker.encode(fresh);
    kept = keeps && keep(engagement, id, bytes);
    // The same whether it was kept or not.
    return maker.decode(bytes, shapes);
  });
  return {
    facts: { id, name: identity.name, identity, inventory, profile, annotations },
    problems,
    made,
    kept,
  };
}

const isOfOneServer = ({ code }: IronliftError): boolean => code === 'ENGAGEMENT_DAMAGED';

/** @returns whether it is in the file; a full disk is no reason not to assess */
function keep(engagement: EngagementFile, id: ServerId, bytes: Uint8Array): boolean {
  try {
    engagement.putDemandProfile(id, bytes);
    return true;
  } catch (error) {
    if (isIronliftError(error) && (error.code === 'ENGAGEMENT_FULL' || error.code === 'ENGAGEMENT_READ_ONLY'))
      return false;
    throw error;
  }
}
