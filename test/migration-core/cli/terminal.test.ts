import { describe, expect, it } from 'vitest';
import { fittedTable, printable, table, wrap } from '../../../migration-core/cli/terminal.ts';

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

describe('a table in a narrow terminal', () => {
  const head = ['Name', 'Model', 'Score', 'To see to'];
  const rows = [
    ['app-01', 'ProLiant DL380', '98', ''],
    ['app-02', 'PowerEdge', '7', 'B1 B3 W12 W13 W14 W19'],
  ];

  it('is whole where it fits, and where it is for no terminal', () => {
    expect(fittedTable(head, rows, Infinity, ['Model'])).toBe(table(head, rows));
    expect(fittedTable(head, rows, 52, ['Model'])).toBe(table(head, rows));
  });
  it('goes on below with its last column first', () => {
    expect(fittedTable(head, rows, 44, ['Model'])).toBe(
      [
        'Name    Model           Score  To see to',
        'app-01  ProLiant DL380     98',
        'app-02  PowerEdge           7  B1 B3 W12 W13',
        '                               W14 W19',
        '',
      ].join('\n'),
    );
  });
  it('leaves out what can be spared, and no more', () => {
    expect(fittedTable(head, rows, 36, ['Model', 'Score'])).toBe(
      ['Name    Score  To see to', 'app-01     98', 'app-02      7  B1 B3 W12 W13 W14 W19', ''].join('\n'),
    );
  });
  it('stays as it is where nothing helps', () => {
    expect(fittedTable(head, rows, 10, ['Model'])).toContain('B1 B3 W12 W13 W14 W19');
  });
});
