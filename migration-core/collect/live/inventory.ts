/** Asks a running Unix server what it is, by resources/collectors/linux.sh. */
import { readFile } from 'node:fs/promises';
import { IronliftError, isIronliftError } from '../../base/errors.ts';
import type { InventoryGap, ServerInventory } from '../../store/model/inventory.ts';
import { linuxInventory } from '../linux/inventory.ts';
import { MAX_TOTAL_BYTES, SectionReader } from '../linux/sections.ts';
import { runScript, SudoRefused, type ScriptOptions, type ScriptRun } from '../script.ts';
import type { Shell } from '../shell.ts';

export interface InventoryRequest {
  /** Use sudo where the login is not root. */
  sudo?: ScriptOptions['sudo'] | undefined;
  /** For a server that does not say its name. */
  name: string;
  /** Milliseconds since 1970. */
  now: () => number;
  signal?: AbortSignal | undefined;
}

export interface InventoryAnswer {
  inventory: ServerInventory;
  /** Milliseconds since 1970, by our clock. */
  observedAt: number;
  /** Sentences: what went wrong on the way. */
  problems: string[];
}

/** Every tool of the script has its own limit; a server where all of them reach it has a defect. */
const INVENTORY_MILLISECONDS = 15 * 60_000;
/** To say who is logged in takes no longer on the slowest of servers; others wait for their turn meanwhile. */
const WHO_MILLISECONDS = 60_000;
const SCRIPT = new URL('../../../resources/collectors/linux.sh', import.meta.url);

/** @throws COLLECT_FAILED where the server told nothing, CANCELLED */
export async function askInventory(shell: Shell, request: InventoryRequest): Promise<InventoryAnswer> {
  const script = await readFile(SCRIPT, 'utf8');
  const late = AbortSignal.timeout(INVENTORY_MILLISECONDS);
  const signal = request.signal === undefined ? late : AbortSignal.any([request.signal, late]);
  const { run, gaps } = await start(shell, script, request, signal).catch((error: unknown) => {
    // Nobody cancelled: a server that takes our questions and says nothing must not look like one that is done.
    throw isIronliftError(error, 'CANCELLED') && request.signal?.aborted !== true
      ? silent(shell.machine)
      : error;
  });
  const reader = new SectionReader();
  let ourTime: number | undefined;
  const problems: string[] = [];
  try {
    for await (const piece of run.output) {
      // The server tells its time before anything that takes long.
      ourTime ??= request.now();
      reader.push(piece);
    }
  } catch (error) {
    if (request.signal?.aborted === true || !late.aborted) throw error;
    problems.push(`The inventory of ${shell.machine} took longer than 15 minutes and is not complete.`);
  }
  const { sections, complete, strayLines } = reader.finish();
  if (sections.size === 0) throw nothing(shell.machine);
  if (!complete && problems.length === 0)
    problems.push(`The inventory of ${shell.machine} broke off and is not complete.`);
  if (strayLines > 0)
    problems.push(`${strayLines} lines of ${shell.machine} belong to no question and were left out.`);
  const inventory = linuxInventory(sections, { ourTime });
  if (inventory.identity.name === '') inventory.identity.name = request.name;
  inventory.gaps.push(...gaps);
  return { inventory, observedAt: request.now(), problems };
}

async function start(
  shell: Shell,
  script: string,
  { sudo }: InventoryRequest,
  signal: AbortSignal,
): Promise<{ run: ScriptRun; gaps: InventoryGap[] }> {
  const options: ScriptOptions = { maximumBytes: MAX_TOTAL_BYTES, signal };
  if (await isRoot(shell, signal)) return { run: await runScript(shell, script, options), gaps: [] };
  try {
    if (sudo !== undefined) return { run: await runScript(shell, script, { ...options, sudo }), gaps: [] };
  } catch (error) {
    if (!(error instanceof SudoRefused)) throw error;
    const why = {
      'no password': 'sudo wants a password, and none was given',
      'wrong password': 'sudo did not accept the password',
      refused: 'sudo is not there, or does not allow this login to run the script',
    }[error.reason];
    return { run: await runScript(shell, script, options), gaps: [notRoot(why)] };
  }
  return { run: await runScript(shell, script, options), gaps: [notRoot('sudo was not asked for')] };
}

async function isRoot(shell: Shell, signal: AbortSignal): Promise<boolean> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(WHO_MILLISECONDS)]);
  const run = await runScript(shell, 'id -u', { maximumBytes: 1 << 20, signal: inTime });
  let text = '';
  for await (const piece of run.output) text += Buffer.from(piece).toString('latin1');
  return text.trim() === '0';
}

const notRoot = (why: string): InventoryGap => ({
  part: 'inventory',
  why: `The login is not root and ${why}, so what only root may see is missing.`,
  next: 'Log in as root, or with a user who may run commands by sudo, and collect again.',
});

const nothing = (machine: string): IronliftError =>
  new IronliftError('COLLECT_FAILED', `${machine} ran the inventory and told nothing.`, {
    next: 'Run resources/collectors/linux.sh on the server by hand and see what it says.',
  });

const silent = (machine: string): IronliftError =>
  new IronliftError('COLLECT_FAILED', `${machine} takes commands, but does not answer.`, {
    next: 'Log in there by hand and see whether "id -u" answers; the server may be overloaded.',
  });
