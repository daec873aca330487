/** Judges of PowerShell scripts: a grammar that others wrote, and Microsoft's own table of the cmdlets of the Hyper-V module. */
import { fileURLToPath } from 'node:url';
import { Language, Parser, type Node } from 'web-tree-sitter';

let parser: Promise<Parser> | null = null;

function getParser(): Promise<Parser> {
  parser ??= (async () => {
    await Parser.init();
    const grammar = fileURLToPath(import.meta.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm'));
    const made = new Parser();
    made.setLanguage(await Language.load(grammar));
    return made;
  })();
  return parser;
}

export interface PowerShellCommand {
  name: string;
  /** In their order; the value is null for a parameter without one. */
  parameters: { name: string; value: string | null }[];
  /** Values that follow no parameter. */
  positional: string[];
}

export interface PowerShellScript {
  hasError: boolean;
  commands: PowerShellCommand[];
  /** The contents of all literals in single quotes, as PowerShell takes them. */
  literals: string[];
}

export async function parsePowerShell(text: string): Promise<PowerShellScript> {
  const tree = (await getParser()).parse(text.replace(/^\ufeff/u, ''))!;
  const { rootNode } = tree;
  const script = {
    hasError: rootNode.hasError,
    commands: nodesOf(rootNode, 'command').map(readCommand),
    literals: nodesOf(rootNode, 'verbatim_string_characters').map(({ text: quoted }) =>
      quoted.slice(1, -1).replace(/(['\u2018\u2019\u201a\u201b])\1/gu, '$1'),
    ),
  };
  tree.delete();
  return script;
}

const nodesOf = (root: Node, type: string): Node[] => root.descendantsOfType(type);

function readCommand(node: Node): PowerShellCommand {
  const command: PowerShellCommand = {
    name: node.childForFieldName('command_name')?.text ?? '',
    parameters: [],
    positional: [],
  };
  let open: PowerShellCommand['parameters'][number] | null = null;
  for (const element of node.childForFieldName('command_elements')?.namedChildren ?? []) {
    if (element.type === 'command_argument_sep') continue;
    if (element.type === 'command_parameter') {
      open = { name: element.text.replace(/^-/u, ''), value: null };
      command.parameters.push(open);
    } else if (open === null || open.value !== null) {
      command.positional.push(element.text);
    } else {
      open.value = element.text;
    }
  }
  return command;
}

interface CmdletTable {
  [name: string]: {
    in: 'all' | string[];
    sets: Record<string, string>;
    parameters: Record<
      string,
      { type: string; sets?: string[]; accepted?: string[]; required?: boolean; in?: string[] }
    >;
  };
}

/** What of PowerShell itself the scripts use. */
const BUILT_IN = [
  ...['Set-StrictMode', 'Where-Object', 'ForEach-Object', 'Write-Output', 'Out-Null'],
  ...['Join-Path', 'Test-Path', 'Get-Item', 'Get-Command'],
];

/** Everything in which a command is not as the table has it, one sentence each; `oldest` must have all of it. */
export function cmdletProblems(table: unknown, command: PowerShellCommand, oldest: string): string[] {
  const { name } = command;
  if (BUILT_IN.includes(name)) return [];
  const cmdlet = (table as CmdletTable)[name];
  if (cmdlet === undefined) return [`there is no cmdlet ${name}`];
  const problems: string[] = [];
  const has = (where: 'all' | string[] | undefined): boolean =>
    where === undefined || where === 'all' || where.includes(oldest);
  if (!has(cmdlet.in)) problems.push(`${name} is not in Windows Server ${oldest}`);
  let sets = Object.keys(cmdlet.sets);
  for (const { name: parameter, value } of command.parameters) {
    const known = cmdlet.parameters[parameter];
    if (known === undefined) {
      problems.push(`${name} has no parameter ${parameter}`);
      continue;
    }
    if (!has(known.in)) problems.push(`${name} -${parameter} is not in Windows Server ${oldest}`);
    const isSwitch = known.type === 'SwitchParameter';
    if (isSwitch !== (value === null))
      problems.push(`${name} -${parameter} ${isSwitch ? 'takes no' : 'needs a'} value`);
    const word = value?.replace(/^'(.*)'$/u, '$1') ?? '';
    const words = /^@\((.*)\)$/u
      .exec(word)?.[1]
      ?.split(', ')
      .map((one) => one.replaceAll("'", '')) ?? [word];
    for (const one of words)
      if (known.accepted !== undefined && !one.startsWith('$') && !known.accepted.includes(one))
        problems.push(`${name} -${parameter} does not accept ${one}`);
    if (known.sets !== undefined) sets = sets.filter((set) => known.sets!.includes(set));
  }
  if (sets.length === 0) problems.push(`no parameter set of ${name} has all that is given`);
  const given = new Set(command.parameters.map((one) => one.name));
  const complete = sets.some((set) =>
    Object.entries(cmdlet.parameters).every(
      ([parameter, { required, sets: of }]) =>
        required !== true || (of !== undefined && !of.includes(set)) || given.has(parameter),
    ),
  );
  if (sets.length > 0 && !complete) problems.push(`${name} lacks a parameter it requires`);
  if (command.positional.length > 0)
    problems.push(`${name} has values without a name: ${command.positional.join(' ')}`);
  return problems;
}
