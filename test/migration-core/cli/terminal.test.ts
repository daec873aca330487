import { describe, expect, it } from 'vitest';
import { printable, table, wrap } from '../../../migration-core/cli/terminal.ts';

describe('what reaches a terminal', () => {
  it('has nothing that moves the cursor, colours, or turns the order of letters', () => {
    expect(printable('\u001b[31mred\u0007\u009b2J')).toBe('?[31mred??2J');
    expect(printable('\u202egnp.exe\u202c \u2066x\u2069')).toBe('?gnp.exe? ?x?');
    expect(table(['Name', 'Days'], [['\u202egnp.exe', '3']])).toBe('Name      Days\n?gnp.exe     3\n');
    expect(wrap('of \u202egnp.exe', 80, '')).toBe('of ?gnp.exe');
  });
  it('has the letters of every language, also those that run from right to left', () => {
    expect(printable('שרת-מסד 名前サーバー Größe')).toBe('שרת-מסד 名前サーバー Größe');
  });
});
