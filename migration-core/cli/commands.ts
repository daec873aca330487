/** The table of commands. Each is loaded when it is called: starting up must stay well under a second. */
import type { ParseArgsConfig } from 'node:util';
import type { World } from './world.ts';

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Command {
  /** The whole text of `--help`. */
  help: string;
  options: NonNullable<ParseArgsConfig['options']>;
  /** Returns the exit status. */
  run(parsed: { values: OptionValues; positionals: string[] }, world: World): Promise<number>;
}

export interface CommandEntry {
  name: string;
  /** One line. */
  summary: string;
  load(): Promise<Command>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'disks',
    summary: 'list the physical disks of this machine',
    load: async () => (await import('./commands/disks.ts')).disks,
  },
  {
    name: 'inspect',
    summary: 'say what is on the disks of a server and whether it can be converted',
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  {
    name: 'convert',
    summary: 'turn the disks of a server into a virtual machine',
    load: async () => (await import('./commands/convert.ts')).convert,
  },
  {
    name: 'undo',
    summary: 'print or take back the changes made to the guest',
    load: async () => (await import('./commands/undo.ts')).undo,
  },
  {
    name: 'boot-test',
    summary: 'start a finished virtual machine, isolated, and see whether it boots',
    load: async () => (await import('./commands/boot-test.ts')).bootTestCommand,
  },
];
