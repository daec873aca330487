/** `KEY=value` files that a shell reads: ifcfg files of Red Hat and SUSE. Only plain assignments count; the rest is passed over. */

export interface ShellVariable {
  key: string;
  /** Without its quotes. */
  value: string;
  /** 0-based line, and where in it the value stands, without its quotes. */
  line: number;
  start: number;
}

const ASSIGNMENT = /^(\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=)/;

export function parseShellVariables(text: string): ShellVariable[] {
  const variables: ShellVariable[] = [];
  for (const [line, raw] of text.split('\n').entries()) {
    const head = ASSIGNMENT.exec(raw);
    if (head === null) continue;
    const rest = raw.slice(head[1]!.length);
    const quote = rest[0] === '"' || rest[0] === "'" ? rest[0] : null;
    if (quote === null) {
      const value = /^[^\s#;]*/.exec(rest)![0];
      variables.push({ key: head[2]!, value, line, start: head[1]!.length });
      continue;
    }
    const end = rest.indexOf(quote, 1);
    if (end < 0) continue;
    variables.push({ key: head[2]!, value: rest.slice(1, end), line, start: head[1]!.length + 1 });
  }
  return variables;
}

/** Of a variable set several times, the last; null for one that is not set or empty. */
export function variable(variables: readonly ShellVariable[], key: string): string | null {
  const value = variables.findLast((entry) => entry.key === key)?.value ?? '';
  return value === '' ? null : value;
}

/** `yes`, `true`, `1`, `on`, as the network scripts take them. */
export function isYes(value: string | null): boolean {
  return value !== null && /^(yes|true|1|on|y|t)$/i.test(value);
}

/** The text with the values of some variables replaced; null keeps a value. */
export function withVariables(text: string, renew: (variable: ShellVariable) => string | null): string {
  const lines = text.split('\n');
  for (const entry of parseShellVariables(text)) {
    const value = renew(entry);
    if (value === null) continue;
    const raw = lines[entry.line]!;
    lines[entry.line] = raw.slice(0, entry.start) + value + raw.slice(entry.start + entry.value.length);
  }
  return lines.join('\n');
}
