/** `ironlift …`: finds the command, runs it, turns what went wrong into two sentences and an exit status. */
import { parseArgs } from 'node:util';
import { IronliftError, isIronliftError } from '../base/errors.ts';
import { commands, type Command } from './commands.ts';
import type { World } from './world.ts';

export async function main(args: string[]): Promise<void> {
  const controller = new AbortController();
  let asked = 0;
  const stop = (): void => {
    // The second time someone means it: leave at once, partial files keep their .partial names.
    if (++asked > 1) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const world: World = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY,
    columns: process.stderr.isTTY ? process.stderr.columns : 100,
    now: () => Date.now(),
    signal: controller.signal,
  };
  process.exitCode = await runCommandLine(args, world);
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
}

/** Runs one command line; returns the exit status: 0 done, 1 failed, 2 wrong usage, 3 refused, 130 cancelled. */
export async function runCommandLine(args: string[], world: World): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const asked = name === 'help' ? rest[0] : undefined;
    const command = asked === undefined ? undefined : await findCommand(asked);
    world.out(command === undefined ? overview() : `${command.help}\n`);
    return 0;
  }
  if (name === '--version') {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    world.out(`ironlift ${manifest.version}\n`);
    return 0;
  }
  const json = rest.includes('--json');
  try {
    const command = await findCommand(name);
    if (rest.includes('--help') || rest.includes('-h')) {
      world.out(`${command.help}\n`);
      return 0;
    }
    return await command.run(parse(name, command, rest), world);
  } catch (error) {
    return report(error, json, world);
  }
}

async function findCommand(name: string): Promise<Command> {
  const entry = commands.find((command) => command.name === name);
  if (entry === undefined) {
    throw new IronliftError('USAGE', `There is no command "${name}".`, {
      next: 'Run `ironlift help` for the list of commands.',
    });
  }
  return entry.load();
}

function parse(name: string, command: Command, args: string[]): Parameters<Command['run']>[0] {
  try {
    return parseArgs({
      args,
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

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'Ironlift turns physical servers into virtual machines that boot. The source is only ever read.',
    '',
    'Usage: ironlift COMMAND [options]',
    '',
    ...lines,
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
    world.err(`Error: ${known.message}\n`);
    world.err(`What to do: ${known.next}\n`);
    world.err(`(${known.code})\n`);
    if (known.code === 'INTERNAL')
      world.err(`${JSON.stringify(known.data['stack'] ?? '').replaceAll('\\n', '\n')}\n`);
  }
  return known.exitStatus;
}
