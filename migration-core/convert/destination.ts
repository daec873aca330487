/** The folder a conversion goes to: checked before anything is written, and left without a trace when the job fails. */
import { mkdir, readdir, realpath, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { commandWord } from '../base/command-word.ts';
import { IronliftError, systemErrorCode } from '../base/errors.ts';
import { readBounded } from '../base/bounded-file.ts';
import { formatBytes, listed } from '../base/text.ts';
import { JOURNAL_NAME } from './journal.ts';
import { LOCK_NAME, lockedBy } from './lock.ts';
import { MANIFEST_NAME } from './manifest.ts';

/** Room kept for configuration, journal and the file system's own needs, bytes. */
const MARGIN = 32 << 20;

export interface DestinationPlan {
  folder: string;
  /** Folders that have to be made, the outermost first. */
  missing: string[];
  /** Files of an earlier conversion that `--force` replaces. */
  replaces: string[];
  /** Bytes free there. */
  freeBytes: number;
}

/** Looks at the destination; writes nothing. @throws DESTINATION_EXISTS, DESTINATION_SPACE, DESTINATION_UNUSABLE */
export async function planDestination(
  output: string,
  needBytes: number,
  force: boolean,
): Promise<DestinationPlan> {
  const folder = resolve(output);
  const missing: string[] = [];
  let existing = folder;
  for (;;) {
    const kind = await kindOf(existing);
    if (kind === 'folder') break;
    if (kind === 'other') {
      throw new IronliftError('DESTINATION_EXISTS', `${existing} is a file, not a folder.`, {
        next: 'Choose another folder with -o; nothing was written.',
      });
    }
    missing.unshift(existing);
    if (dirname(existing) === existing) break;
    existing = dirname(existing);
  }
  const replaces = missing.length > 0 ? [] : await contents(folder, force);
  const { bavail, bsize } = await statfs(existing);
  let freeBytes = bavail * bsize;
  for (const name of replaces) freeBytes += (await stat(join(folder, name))).blocks * 512;
  if (needBytes + MARGIN > freeBytes) {
    throw new IronliftError(
      'DESTINATION_SPACE',
      `The result needs up to ${formatBytes(needBytes)} and ${existing} has ${formatBytes(freeBytes)} free.`,
      {
        next: 'Free some space there or choose another disk with -o; nothing was written.',
        data: { needBytes, freeBytes },
      },
    );
  }
  return { folder, missing, replaces, freeBytes };
}

/**
 * What is read must not lie in a folder that is emptied first: a finished machine can be the source of the next one, or what a
 * snapshot holds the changes to.
 * @param inputs paths of sources and drivers; what is no path of this computer is passed over
 * @throws DESTINATION_EXISTS
 */
export async function refuseInputsWithin(
  { folder, replaces }: Pick<DestinationPlan, 'folder' | 'replaces'>,
  inputs: readonly string[],
): Promise<void> {
  if (replaces.length === 0) return;
  const whole = await realpath(folder);
  for (const input of new Set(inputs)) {
    if (!(await placesOf(input)).some((path) => isWithin(whole, path))) continue;
    throw new IronliftError(
      'DESTINATION_EXISTS',
      `${input} is read for this conversion and lies in the folder ${folder}, whose contents it would replace.`,
      { next: 'Choose another folder with -o; nothing was written.', data: { folder, input } },
    );
  }
}

/** Where a file lies, and where the link lies by which it is found. */
async function placesOf(input: string): Promise<string[]> {
  const path = resolve(input);
  const file = await realpath(path).catch(() => null);
  const folder = await realpath(dirname(path)).catch(() => null);
  return [...(file === null ? [] : [file]), ...(folder === null ? [] : [join(folder, basename(path))])];
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * Makes the folder. Returns the clean-up: `removeFiles`, and the folders that were made, where nothing else is in them.
 * @throws DESTINATION_UNUSABLE; JOB_RUNNING, DESTINATION_EXISTS where something has come there since the plan
 */
export async function createDestination(
  plan: DestinationPlan,
  removeFiles: () => Promise<void>,
): Promise<() => Promise<void>> {
  if (plan.missing.length === 0) await refuseNews(plan);
  try {
    for (const folder of plan.missing) await mkdir(folder);
    for (const name of plan.replaces) await rm(join(plan.folder, name), { recursive: true, force: true });
  } catch (error) {
    throw new IronliftError(
      'DESTINATION_UNUSABLE',
      `The folder ${plan.folder} cannot be written to (${systemErrorCode(error) ?? 'error'}).`,
      {
        next: 'Choose a folder that you may write to with -o.',
        cause: error,
      },
    );
  }
  return async () => {
    await removeFiles();
    for (const folder of [...plan.missing].reverse()) await rmdir(folder).catch(() => undefined);
  };
}

/** Reading the disks takes minutes, and a plan is looked at for longer. */
async function refuseNews({ folder, replaces }: DestinationPlan): Promise<void> {
  await refuseRunning(folder);
  const news = (await readdir(folder).catch(() => [])).find((name) => !replaces.includes(name));
  if (news === undefined) return;
  throw new IronliftError(
    'DESTINATION_EXISTS',
    `The folder ${folder} is not as it was a moment ago: ${news} was put there.`,
    { next: 'Choose an empty or new folder with -o; nothing was written.' },
  );
}

/** What a folder that is there already holds: nothing, or an earlier conversion that may be replaced. */
async function contents(folder: string, force: boolean): Promise<string[]> {
  const names = await readdir(folder);
  if (names.length === 0) return [];
  const ours = names.includes(MANIFEST_NAME) || names.includes(JOURNAL_NAME);
  await refuseRunning(folder);
  if (ours && force) return names;
  // Killed before its first word: nothing is lost.
  if (names.every((name) => name.startsWith(LOCK_NAME))) return names;
  const what = names.includes(MANIFEST_NAME)
    ? 'holds a finished conversion'
    : ours
      ? 'holds a conversion that was interrupted'
      : 'is not empty';
  const other = 'hoose another folder with -o, or replace it with --force.';
  throw new IronliftError('DESTINATION_EXISTS', `The folder ${folder} ${what}.`, {
    next: ours
      ? names.includes(MANIFEST_NAME)
        ? `C${other}`
        : `Continue it with \`ironlift resume ${commandWord(folder)}\`, give it up with \`ironlift discard ${commandWord(folder)}\`, c${other}`
      : 'Choose an empty or new folder with -o; nothing was written.',
  });
}

/** Bytes of a record that is looked through; one with the former contents of many files has some MiB. */
const LARGEST_RECORD = 256 << 20;

/** What a conversion has besides what its records name: results of its boot test, and what it writes while it runs. */
const OF_A_JOB = /^(boot-test|ironlift\.(json|journal\.jsonl|lock.*|copy-\d+\.log)|.*\.partial)$/su;

/**
 * What a person put beside an earlier conversion is not what --force is about.
 * @throws DESTINATION_EXISTS where no conversion wrote what would be replaced
 */
export function refuseForeign({ folder, replaces }: Pick<DestinationPlan, 'folder' | 'replaces'>): void {
  const records = [MANIFEST_NAME, JOURNAL_NAME]
    .filter((name) => replaces.includes(name))
    .map((name) => {
      const bytes = readBounded(join(folder, name), LARGEST_RECORD);
      return 'why' in bytes ? '' : bytes.toString('utf8');
    });
  const foreign = replaces.filter(
    (name) => !OF_A_JOB.test(name) && !records.some((text) => text.includes(JSON.stringify(name))),
  );
  if (foreign.length === 0) return;
  throw new IronliftError(
    'DESTINATION_EXISTS',
    `The folder ${folder} holds what no conversion wrote: ${listed(foreign)}.`,
    { next: 'Move that elsewhere, or choose another folder with -o; nothing was written or removed.' },
  );
}

/** @throws JOB_RUNNING */
async function refuseRunning(folder: string): Promise<void> {
  const runs = await lockedBy(folder);
  if (runs === null) return;
  throw new IronliftError('JOB_RUNNING', runs, {
    next: `Wait until it has ended, or choose another folder with -o; if nothing is at work there any more, remove the file ${join(folder, LOCK_NAME)}.`,
    data: { folder },
  });
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return 'missing';
    if (code === 'ENOTDIR') return 'missing';
    throw new IronliftError(
      'DESTINATION_UNUSABLE',
      `The folder ${path} cannot be looked at (${code ?? 'error'}).`,
      {
        next: 'Choose a folder that you may write to with -o.',
        cause: error,
      },
    );
  }
}
