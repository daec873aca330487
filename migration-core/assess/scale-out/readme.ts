/** README.txt of an export, from the table that the files go by. */
import type { Table } from './schema.ts';

/** Columns of a line. */
const WIDTH = 110;

export const readmeText = (
  tables: readonly Pick<Table<never>, 'name' | 'about' | 'columns'>[],
  rules: string,
  leftOut: readonly string[],
): string =>
  [
    'Servers of an Ironlift engagement, for a data warehouse',
    '',
    'The .parquet files can be read by DuckDB, Spark, ClickHouse, pandas and most warehouses. The queries are',
    'written for DuckDB; start it in this folder:',
    '',
    '    duckdb -c ".read verdict-inputs.sql"',
    '    duckdb -c ".read rollups-from-samples.sql"      where samples.parquet is there',
    '',
    `Rules: ${rules}. The queries hold no limits of their own: they take them from rules.parquet.`,
    'verdict-inputs.sql finds what the program finds by the same rules. Left out there on purpose:',
    ...leftOut.flatMap((sentence) => wrapped(`  - ${sentence}`, '    ')),
    '',
    'NULL is unknown everywhere. Names and texts are those of the servers and of people: treat them as data.',
    ...tables.flatMap(({ name, about, columns }) => [
      '',
      `${name}.parquet`,
      ...wrapped(about, ''),
      '',
      ...columns.flatMap((column) => [
        ...wrapped(
          `  ${column.name.padEnd(22)} ${column.type.padEnd(8)} ${column.about}${column.unit === '' ? '' : ` [${column.unit}]`}`,
          ' '.repeat(34),
        ),
      ]),
    ]),
    '',
  ].join('\n');

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > WIDTH) {
    const at = rest.lastIndexOf(' ', WIDTH);
    if (at <= indent.length) break;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at + 1);
  }
  return [...lines, rest];
}
