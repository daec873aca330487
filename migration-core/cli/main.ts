/** `ironlift …`: finds the command, runs it, turns what went wrong into two sentences and an exit status. */
import { parseArgs } from 'node:util';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import { commands, type Command, type CommandEntry, type CommandGroup } from './commands.ts';
import { printable, wrap } from './terminal.ts';
import type { World } from './world.ts';

/** @param more commands of rooms above this one, given by whoever puts the program together (bin/ironlift.js) */
export async function main(args: string[], more: readonly CommandEntry[] = []): Promise<void> {
  const controller = new AbortController();
  let asked = 0;
  const stop = (): void => {
    // The second time someone means it: leave at once, partial files keep their .partial names.
    if (++asked > 1) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const isPrinted = keepGoing();
  const world: World = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY,
    columns: process.stderr.isTTY ? process.stderr.columns : 100,
    tableColumns: process.stdout.isTTY ? process.stdout.columns : Infinity,
    now: () => Date.now(),
    signal: controller.signal,
    environment: process.env,
    ask: (question, { hidden }) => askTerminal(question, hidden, controller.signal),
  };
  const status = await runCommandLine(args, world, more);
  process.exitCode = status === 0 && !isPrinted() ? 1 : status;
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
}

/**
 * Whoever reads what is printed may leave (`| head`, a terminal that is closed, a log on a full disk): no reason to break off
 * a copy that has run for hours. Returns whether standard output took all that it was given from someone still there.
 */
function keepGoing(): () => boolean {
  let printed = true;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || !printed) return;
    printed = false;
    process.exitCode ||= 1;
    process.stderr.write(
      `Error: What was to be printed could not be written (${error.code ?? error.message}).\nWhat to do: Free some space where standard output goes, or send it elsewhere.\n`,
    );
  });
  return () => printed;
}

/** On standard error, so that standard output stays what it is. */
async function askTerminal(question: string, hidden: boolean, signal: AbortSignal): Promise<string | null> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) return null;
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  const shown = { text: true };
  const output = new Writable({
    write(piece: Uint8Array, _encoding, done) {
      if (shown.text) stderr.write(piece);
      done();
    },
  });
  const terminal = createInterface({ input: stdin, output, terminal: true });
  try {
    const answer = terminal.question(question, { signal });
    shown.text = !hidden;
    return await answer;
  } catch {
    return null;
  } finally {
    terminal.close();
    if (hidden) stderr.write('\n');
  }
}

/** Runs one command line; returns the exit status: 0 done, 1 failed, 2 wrong usage, 3 refused, 130 cancelled. */
export async function runCommandLine(
  args: string[],
  world: World,
  more: readonly CommandEntry[] = [],
): Promise<number> {
  const all = [...commands, ...more];
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    world.out(overview(all));
    return 0;
  }
  if (name === '--version') {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    world.out(`ironlift ${manifest.version}\n`);
    return 0;
  }
  const json = rest.includes('--json');
  try {
    if (name === 'help') {
      world.out(rest.length === 0 ? overview(all) : await helpFor(findCommand(all, rest)));
      return 0;
    }
    const found = findCommand(all, args);
    if (isGroup(found.entry) || rest.includes('--help') || rest.includes('-h')) {
      world.out(await helpFor(found));
      return 0;
    }
    const command = await found.entry.load();
    return await command.run(parse(found.words, command, found.rest), world);
  } catch (error) {
    return report(error, json, world);
  }
}

interface FoundCommand {
  /** A group where its second word is missing. */
  entry: CommandEntry | CommandGroup;
  /** `image convert`. */
  words: string;
  /** Of a group that does something by its first word alone. */
  others?: readonly CommandEntry[];
  /** The arguments after the words. */
  rest: string[];
}

type Commands = readonly (CommandEntry | CommandGroup)[];

const isGroup = (entry: CommandEntry | CommandGroup): entry is CommandGroup => 'commands' in entry;

/** @throws USAGE */
function findCommand(all: Commands, [name = '', ...rest]: string[]): FoundCommand {
  const entry = all.find((command) => command.name === name);
  if (entry === undefined) {
    throw new IronliftError('USAGE', `There is no command "${name}".`, {
      next: 'Run `ironlift help` for the list of commands.',
    });
  }
  const [second, ...others] = rest;
  if (isGroup(entry) && entry.alone !== undefined && !entry.commands.some((one) => one.name === second)) {
    const { summary, alone, commands: inner } = entry;
    return { entry: { name, summary, load: alone }, words: name, others: inner, rest };
  }
  if (!isGroup(entry) || second === undefined || second === '--help' || second === '-h')
    return { entry, words: name, rest };
  const inner = entry.commands.find((command) => command.name === second);
  if (inner === undefined) {
    const names = entry.commands.map((command) => command.name).join(', ');
    throw new IronliftError('USAGE', `There is no command "${name} ${second}".`, {
      next: `Run \`ironlift ${name}\` with one of ${names}.`,
    });
  }
  return { entry: inner, words: `${name} ${second}`, rest: others };
}

async function helpFor({ entry, others }: FoundCommand): Promise<string> {
  if (!isGroup(entry)) {
    const { help } = await entry.load();
    if (others === undefined) return `${help}\n`;
    return [help, '', 'More commands:', ...commandLines(others), '', ''].join('\n');
  }
  return [
    `Usage: ironlift ${entry.name} COMMAND [options]`,
    '',
    entry.about,
    '',
    ...commandLines(entry.commands),
    '',
    `ironlift ${entry.name} COMMAND --help explains one command.`,
    '',
  ].join('\n');
}

function commandLines(entries: readonly { name: string; summary: string }[]): string[] {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}

function parse(name: string, command: Command, args: string[]): Parameters<Command['run']>[0] {
  try {
    return parseArgs({
      args: command.prepare?.(args) ?? args,
      options: { ...command.options, json: { type: 'boolean' } },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('. ')[0]! : String(error);
    throw new IronliftError('USAGE', `${reason}.`, {
      next: `Run \`ironlift ${name} --help\` for what it takes.`,
    });
  }
}

function overview(all: Commands): string {
  return [
    'Ironlift turns physical servers into virtual machines that boot. The source is only ever read.',
    '',
    'Usage: ironlift COMMAND [options]',
    '',
    ...commandLines(all),
    '',
    'ironlift COMMAND --help explains one command. --json prints one JSON document on standard output.',
    'Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused before anything was written, 130 cancelled.',
    '',
  ].join('\n');
}

/** Prints what went wrong: the sentence, what to do next, and the code to quote. */
function report(error: unknown, json: boolean, world: World): number {
  const known = isIronliftError(error)
    ? error
    : new IronliftError(
        'INTERNAL',
        `Ironlift met a fault of its own: ${error instanceof Error ? error.message : String(error)}`,
        {
          next: 'The source was not changed. Please report this with the command line and the details.',
          data: { stack: error instanceof Error ? error.stack : undefined },
          cause: error,
        },
      );
  if (json) {
    world.out(`${JSON.stringify({ error: known.toJSON() }, null, 2)}\n`);
  } else {
    // A terminal would break lines in the middle of words; a log keeps its sentences whole.
    const fit = (text: string): string =>
      world.interactive ? wrap(text, world.columns, '  ') : printable(text);
    world.err(`${fit(`Error: ${known.message}`)}\n`);
    world.err(`${fit(`What to do: ${known.next}`)}\n`);
    world.err(`(${known.code})\n`);
    if (known.code === 'INTERNAL')
      world.err(`${JSON.stringify(known.data['stack'] ?? '').replaceAll('\\n', '\n')}\n`);
  }
  return known.exitStatus;
}
