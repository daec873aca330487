/** Plain text for a terminal: tables, wrapped sentences, and the line of progress. */
import type { Finding } from '../base/finding.ts';
import type { Progress } from '../base/progress.ts';
import { formatBytes, formatSeconds } from '../base/text.ts';
import type { World } from './world.ts';

/**
 * Control characters of a disk's or guest's strings must not reach a terminal, nor marks that turn the order of the letters
 * after them (U+202A to U+202E, U+2066 to U+2069) and with it the rest of the line.
 */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu, '?');

/** The same of a text of several lines, which stay lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** Columns two spaces apart; the last is not padded. Numbers (a column where every cell starts with a digit) go right. */
export function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const right = head.map((_, column) => {
    const said = rows.map((row) => row[column]!).filter((cell) => cell !== '');
    return said.length > 0 && said.every((cell) => /^[\d—]/u.test(cell));
  });
  const line = (row: string[]): string =>
    row
      .map((cell, column) => {
        if (right[column] === true) return cell.padStart(widths[column]!);
        return column === row.length - 1 ? cell : cell.padEnd(widths[column]!);
      })
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

/**
 * The same in `width` columns: what the last column says goes on in lines below, and where that is not enough columns are
 * left out, `spare` from its first on. A table that is wider all the same stays so.
 */
export function fittedTable(
  head: string[],
  rows: string[][],
  width: number,
  spare: readonly string[] = [],
): string {
  const whole = table(head, rows);
  if (fits(whole, width)) return whole;
  const last = head.length - 1;
  const before = table(
    head.slice(0, last),
    rows.map((row) => row.slice(0, last)),
  );
  const room = width - Math.max(...before.split('\n').map((line) => line.length)) - 2;
  if (room >= LEAST_ROOM) {
    const below = rows.flatMap((row) => {
      const [first, ...others] = wrap(row[last]!, room, '').split('\n');
      return [
        [...row.slice(0, last), first!],
        ...others.map((line) => [...row.slice(0, last).fill(''), line]),
      ];
    });
    const lines = table(head, below);
    if (fits(lines, width)) return lines;
  }
  const left = head.findIndex((title) => title === spare[0]);
  if (left === -1) return whole;
  const without = (row: string[]): string[] => row.filter((_, column) => column !== left);
  return fittedTable(without(head), rows.map(without), width, spare.slice(1));
}

/** Whether no line is longer than that. */
export const fits = (text: string, width: number): boolean =>
  text.split('\n').every((line) => line.length <= width);

/** Columns below which a text in lines is a staircase. */
const LEAST_ROOM = 8;

/** Breaks a text at spaces so that no line is longer than `width`; later lines begin with `indent`. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  const shown = printable(text);
  /** What the first line begins with stays. */
  const margin = /^ */u.exec(shown)![0];
  let line = '';
  for (const word of shown.trimStart().split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? margin + word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}

/** Names and values, one below the other; a value that is too long goes on under itself. */
export function labelled(rows: readonly (readonly [string, string])[], width: number): string {
  const column = Math.max(...rows.map(([name]) => name.length)) + 4;
  return rows
    .map(([name, value]) => {
      const label = `  ${printable(name)}`.padEnd(column);
      return `${label}${wrap(value, width - column, '').replaceAll('\n', `\n${' '.repeat(column)}`)}\n`;
    })
    .join('');
}

const MARKS = { info: 'note', warning: 'warning', blocker: 'stop' } as const;

/** Findings, the gravest first, each with what to do about it. */
export function findingsText(findings: Finding[], width: number): string {
  const order = ['blocker', 'warning', 'info'];
  const sorted = [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return sorted
    .map(({ severity, message, next }) => {
      const mark = `  ${MARKS[severity]}: `;
      return `${wrap(`${mark}${message}${next === undefined ? '' : ` ${next}`}`.trimStart(), width - 2, '    ').replace(/^/u, '  ')}\n`;
    })
    .join('');
}

/** Draws progress on one line of a terminal, or writes a line every ten seconds where there is none. */
export class ProgressLine {
  readonly #world: World;
  #last = 0;
  #phase = '';
  #drawn = false;

  constructor(world: World) {
    this.#world = world;
  }

  readonly show = (progress: Progress): void => {
    this.#draw(progress.phase, () => progressText(progress));
  };

  #draw(phase: string, line: () => string): void {
    const now = this.#world.now();
    const due = this.#world.interactive ? 100 : 10_000;
    if (phase === this.#phase && now - this.#last < due) return;
    this.#phase = phase;
    this.#last = now;
    const text = printable(line());
    if (this.#world.interactive) {
      this.#world.err(`\r${text.slice(0, this.#world.columns - 1)}\u001b[K`);
      this.#drawn = true;
    } else {
      this.#world.err(`${text}\n`);
    }
  }

  /** For work that is not counted in bytes. */
  readonly share = (phase: string, done: number, total: number): void => {
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    this.#draw(phase, () => `  ${phase}  ${percent} %`);
  };

  /** For work without an end that can be told. `phase` changes when it is worth a line where there is no terminal. */
  readonly status = (phase: string, text: string): void => {
    this.#draw(phase, () => `  ${text}`);
  };

  /** A sentence of its own, above the line of progress. */
  readonly say = (text: string): void => {
    this.clear();
    this.#world.err(`${printableLines(text)}\n`);
  };

  clear(): void {
    if (this.#drawn) this.#world.err('\r\u001b[K');
    this.#drawn = false;
  }
}

export function progressText({
  phase,
  unit,
  doneBytes,
  totalBytes,
  skippedBytes,
  rate,
  etaSeconds,
}: Progress): string {
  const percent = totalBytes === 0 ? 100 : Math.floor((100 * doneBytes) / totalBytes);
  if (unit !== undefined) return `  ${phase}  ${percent} %  ${doneBytes} of ${totalBytes} ${unit}`;
  const parts = [`  ${phase}  ${percent} %`, `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`];
  if (rate > 0) parts.push(`${formatBytes(rate)}/s`);
  if (etaSeconds !== null) parts.push(`${formatSeconds(etaSeconds)} left`);
  if (skippedBytes > 0) parts.push(`${formatBytes(skippedBytes)} skipped`);
  return parts.join('  ');
}
