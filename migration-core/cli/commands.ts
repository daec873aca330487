/** The table of commands. Each is loaded when it is called: starting up must stay well under a second. */
import type { ParseArgsConfig } from 'node:util';
import type { World } from './world.ts';

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Command {
  /** The whole text of `--help`. */
  help: string;
  options: NonNullable<ParseArgsConfig['options']>;
  /** Rewrites the arguments before they are parsed: for options whose value may be left away. */
  prepare?(args: string[]): string[];
  /** Returns the exit status. */
  run(parsed: { values: OptionValues; positionals: string[] }, world: World): Promise<number>;
}

export interface CommandEntry {
  name: string;
  /** One line. */
  summary: string;
  load(): Promise<Command>;
}

/** Commands of two words: `image info`. */
export interface CommandGroup {
  name: string;
  summary: string;
  /** What they have in common, for `--help`. */
  about: string;
  /** What the first word does where the second is none of these. */
  alone?: CommandEntry['load'];
  commands: readonly CommandEntry[];
}

export const commands: readonly (CommandEntry | CommandGroup)[] = [
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
    name: 'drivers',
    summary: 'list the drivers in a folder or CD image, and which of them a Windows would get',
    load: async () => (await import('./commands/drivers.ts')).drivers,
  },
  {
    name: 'resume',
    summary: 'go on with a conversion that was interrupted',
    load: async () => (await import('./commands/resume.ts')).resume,
  },
  {
    name: 'discard',
    summary: 'give up a conversion that was interrupted and remove what it wrote',
    load: async () => (await import('./commands/discard.ts')).discard,
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
  {
    name: 'collect',
    summary: 'bring inventory and performance of servers into an engagement file',
    about: `An engagement file keeps what was collected at one customer. Nothing is installed
on the servers, and no password is ever kept. To collect something again is
harmless: a server is known by its SMBIOS UUID, serial number, MAC address or name.`,
    commands: [
      {
        name: 'local',
        summary: 'this computer',
        load: async () => (await import('./commands/collect/local.ts')).collectLocalCommand,
      },
      {
        name: 'ssh',
        summary: 'Linux servers, over SSH, many at once',
        load: async () => (await import('./commands/collect/ssh.ts')).collectSshCommand,
      },
      {
        name: 'windows',
        summary: 'Windows servers, from a Windows workstation',
        load: async () => (await import('./commands/collect/windows.ts')).collectWindowsCommand,
      },
      {
        name: 'import',
        summary: 'read performance logs, inventories and exports of other tools',
        load: async () => (await import('./commands/collect/import.ts')).collectImportCommand(),
      },
    ],
  },
  {
    name: 'servers',
    summary: 'list the servers of an engagement, or tell all of one',
    about: '',
    alone: async () => (await import('./commands/servers.ts')).serversCommand,
    commands: [
      {
        name: 'export',
        summary: 'write a table of them to be filled in, or all figures as Parquet',
        load: async () => (await import('./commands/servers/export.ts')).serversExportCommand,
      },
      {
        name: 'annotate',
        summary: 'take over what somebody has filled in',
        load: async () => (await import('./commands/servers/annotate.ts')).serversAnnotateCommand,
      },
    ],
  },
  {
    name: 'estimate',
    summary: 'say roughly how many hosts it takes, before anything is collected',
    load: async () => (await import('./commands/estimate.ts')).estimateCommand,
  },
  {
    name: 'assess',
    summary: 'say which servers should become virtual machines, and why',
    load: async () => (await import('./commands/study/assess.ts')).assessCommand,
  },
  {
    name: 'plan',
    summary: 'put them onto as few hosts as will carry them at every hour',
    load: async () => (await import('./commands/study/plan.ts')).planCommand,
  },
  {
    name: 'waves',
    summary: 'say who moves when',
    load: async () => (await import('./commands/study/waves.ts')).wavesCommand,
  },
  {
    name: 'report',
    summary: 'write all of it down: HTML, PDF, workbook, CSV, JSON and Markdown',
    load: async () => (await import('./commands/study/report.ts')).reportCommand,
  },
  {
    name: 'sample',
    summary: 'make an engagement file of an invented customer, to try things with',
    load: async () => (await import('./commands/sample.ts')).sampleCommand,
  },
  {
    name: 'image',
    summary: 'look at, check, convert and compare disk images of any format',
    about: `Works on disk images alone: nothing in them is changed, no machine is made.
Formats are recognised by their contents; a snapshot is read together with the
images it depends on.`,
    commands: [
      {
        name: 'info',
        summary: 'say what an image is: format, size, files, what it depends on',
        load: async () => (await import('./commands/image/info.ts')).imageInfoCommand,
      },
      {
        name: 'check',
        summary: 'look for damage in an image',
        load: async () => (await import('./commands/image/check.ts')).imageCheckCommand,
      },
      {
        name: 'convert',
        summary: 'write an image anew in another format',
        load: async () => (await import('./commands/image/convert.ts')).imageConvertCommand,
      },
      {
        name: 'compare',
        summary: 'say whether two images hold the same disk',
        load: async () => (await import('./commands/image/compare.ts')).imageCompareCommand,
      },
    ],
  },
];
