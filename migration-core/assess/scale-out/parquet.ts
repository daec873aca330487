/** A Parquet file that is written group by group: memory is that of one group, whatever the file comes to. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { Cell, ColumnType, Table } from './schema.ts';

const TYPES: Record<ColumnType, Omit<SchemaElement, 'name'>> = {
  integer: { type: 'INT64', repetition_type: 'OPTIONAL' },
  double: { type: 'DOUBLE', repetition_type: 'OPTIONAL' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  boolean: { type: 'BOOLEAN', repetition_type: 'OPTIONAL' },
};

export class ParquetFile<Row> {
  readonly path: string;
  rows = 0;
  readonly #table: Table<Row>;
  readonly #groupRows: number;
  readonly #descriptor: number;
  readonly #out = new ByteWriter(1 << 20);
  readonly #writer: ParquetWriter;
  #columns: (Cell | bigint)[][];
  #isClosed = false;

  /** @param groupRows rows of a group: what is in memory at once */
  constructor(path: string, table: Table<Row>, groupRows: number) {
    this.path = path;
    this.#table = table;
    this.#groupRows = groupRows;
    this.#descriptor = openSync(`${path}.partial`, 'wx');
    this.#columns = table.columns.map(() => []);
    this.#writer = new ParquetWriter({
      writer: this.#out,
      schema: [
        { name: 'root', num_children: table.columns.length },
        ...table.columns.map(({ name, type }) => ({ name, ...TYPES[type] })),
      ],
      createdBy: 'Ironlift',
    });
  }

  add(row: Row): void {
    for (const [at, { type, of }] of this.#table.columns.entries())
      this.#columns[at]!.push(valueOf(type, of(row) ?? null));
    this.rows++;
    if (this.#columns[0]!.length >= this.#groupRows) this.#group();
  }

  #group(): void {
    const { columns } = this.#table;
    void this.#writer.write({
      columnData: columns.map(({ name }, at) => ({ name, data: this.#columns[at]! })),
      rowGroupSize: this.#groupRows,
    });
    this.#columns = columns.map(() => []);
    this.#flush();
  }

  #flush(): void {
    const bytes = this.#out.getBytes();
    for (let done = 0; done < bytes.length;) done += writeSync(this.#descriptor, bytes, done);
    this.#out.index = 0;
  }

  /** It has its name when it is whole and on the medium. @returns its bytes */
  finish(): number {
    if (this.#columns[0]!.length > 0) this.#group();
    void this.#writer.finish();
    this.#flush();
    fsyncSync(this.#descriptor);
    closeSync(this.#descriptor);
    this.#isClosed = true;
    renameSync(`${this.path}.partial`, this.path);
    return this.#out.offset;
  }

  abort(): void {
    // A descriptor that is closed may be another file's by now.
    if (!this.#isClosed) closeSync(this.#descriptor);
    this.#isClosed = true;
    rmSync(`${this.path}.partial`, { force: true });
  }
}

/** A figure that is none, or too large for what it counts, is unknown. */
function valueOf(type: ColumnType, value: Cell): Cell | bigint {
  if (type === 'integer') return Number.isSafeInteger(value) ? BigInt(value as number) : null;
  if (type === 'double') return typeof value === 'number' && Number.isFinite(value) ? value : null;
  return value;
}
