/** What a table shows: rows filtered, sorted and selected. Without a page, so that Node can test it. */
import { untrack, type Snippet } from 'svelte';

export type CellValue = string | number | null;

export interface Column<R> {
  id: string;
  /** Of the header. */
  title: string;
  /** Of its numbers, in the header: "GiB". */
  unit?: string;
  /** What is sorted by, and searched where `text` is not given. null: unknown, always last. */
  value: (row: R) => CellValue;
  /** What is shown. */
  text?: (row: R) => string;
  /** Numbers are right. */
  numeric?: boolean;
  /** CSS pixels at 100 %. */
  width?: number;
  /** Takes the room that is left. */
  grow?: boolean;
  /** Not shown until chosen. */
  hidden?: boolean;
  /** What it means, for the header's tooltip. */
  hint?: string;
  /** Drawn instead of the text. */
  cell?: Snippet<[R]>;
}

export interface Sort {
  column: string;
  descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

export class TableState<R> {
  #rows: readonly R[] = $state.raw([]);
  #columns: readonly Column<R>[] = $state.raw([]);
  readonly #key: (row: R) => string | number;
  filter = $state('');
  /** On top of the filter: facets of the screen. */
  where: ((row: R) => boolean) | null = $state.raw(null);
  sort: Sort | null = $state.raw(null);
  hidden: ReadonlySet<string> = $state.raw(new Set());
  selected: ReadonlySet<string | number> = $state.raw(new Set());
  /** Row that keys act on, of `shown`. */
  active = $state(0);
  #anchor = 0;
  /** Lower-case text of each row, made when it is first searched. */
  #texts = new WeakMap<object & R, string>();

  constructor(key: (row: R) => string | number) {
    this.#key = key;
  }

  get rows(): readonly R[] {
    return this.#rows;
  }
  get columns(): readonly Column<R>[] {
    return this.#columns;
  }

  /** For effects: reads nothing that it writes. */
  setRows(rows: readonly R[]): void {
    this.#rows = rows;
    // Rows that went take their mark with them.
    const selected = untrack(() => this.selected);
    if (selected.size === 0) return;
    const there = new Set(rows.map(this.#key));
    const kept = [...selected].filter((key) => there.has(key));
    if (kept.length !== selected.size) this.selected = new Set(kept);
  }

  setColumns(columns: readonly Column<R>[]): void {
    if (untrack(() => this.#columns.length === 0)) {
      this.hidden = new Set(columns.filter(({ hidden }) => hidden === true).map(({ id }) => id));
    }
    this.#columns = columns;
    this.#texts = new WeakMap();
  }

  readonly visible = $derived(this.#columns.filter(({ id }) => !this.hidden.has(id)));
  readonly #found = $derived.by(() => {
    const words = this.filter
      .toLowerCase()
      .split(/\s+/u)
      .filter((word) => word !== '');
    const { where } = this;
    if (words.length === 0 && where === null) return this.#rows;
    return this.#rows.filter((row) => {
      if (where !== null && !where(row)) return false;
      if (words.length === 0) return true;
      const text = this.#textOf(row);
      return words.every((word) => text.includes(word));
    });
  });
  readonly shown = $derived.by((): readonly R[] => {
    const { sort } = this;
    const column = sort === null ? undefined : this.#columns.find(({ id }) => id === sort.column);
    if (sort === null || column === undefined) return this.#found;
    const keyed = this.#found.map((row) => ({ row, value: column.value(row) }));
    const sign = sort.descending ? -1 : 1;
    keyed.sort((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      return typeof a.value === 'number' && typeof b.value === 'number'
        ? sign * (a.value - b.value)
        : sign * collator.compare(String(a.value), String(b.value));
    });
    return keyed.map(({ row }) => row);
  });
  readonly selectedRows = $derived(
    this.selected.size === 0 ? [] : this.#rows.filter((row) => this.selected.has(this.#key(row))),
  );
  readonly allSelected = $derived(
    this.shown.length > 0 && this.shown.every((row) => this.selected.has(this.#key(row))),
  );

  keyOf(row: R): string | number {
    return this.#key(row);
  }

  cellText(column: Column<R>, row: R): string {
    if (column.text !== undefined) return column.text(row);
    const value = column.value(row);
    return value === null ? '–' : String(value);
  }

  #textOf(row: R): string {
    const known = this.#texts.get(row as object & R);
    if (known !== undefined) return known;
    const text = this.#columns
      .map((column) => this.cellText(column, row))
      .join('\n')
      .toLowerCase();
    this.#texts.set(row as object & R, text);
    return text;
  }

  /** Up, then down, then as it came. */
  sortBy(column: string): void {
    const { sort } = this;
    // Of numbers the largest are looked for first.
    const first = this.#columns.find(({ id }) => id === column)?.numeric === true;
    if (sort?.column !== column) this.sort = { column, descending: first };
    else if (sort.descending === first) this.sort = { column, descending: !first };
    else this.sort = null;
  }

  show(column: string, shown: boolean): void {
    const hidden = new Set(this.hidden);
    if (shown) hidden.delete(column);
    else hidden.add(column);
    this.hidden = hidden;
  }

  isSelected(row: R): boolean {
    return this.selected.has(this.#key(row));
  }

  toggle(row: R): void {
    const selected = new Set(this.selected);
    if (!selected.delete(this.#key(row))) selected.add(this.#key(row));
    this.selected = selected;
    this.#anchor = this.active;
  }

  toggleAll(): void {
    const selected = new Set(this.selected);
    const all = this.allSelected;
    for (const row of this.shown) {
      if (all) selected.delete(this.#key(row));
      else selected.add(this.#key(row));
    }
    this.selected = selected;
  }

  clearSelection(): void {
    this.selected = new Set();
  }

  /** From where the last mark was set to the active row. */
  selectRange(): void {
    const [from, to] = [this.#anchor, this.active].sort((a, b) => a - b) as [number, number];
    this.selected = new Set([...this.selected, ...this.shown.slice(from, to + 1).map(this.#key)]);
  }

  /** Moves the active row; with `extend`, what it passes is selected. */
  move(to: number, extend = false): void {
    const last = this.shown.length - 1;
    if (last < 0) return;
    if (extend && this.selected.size === 0) this.#anchor = this.active;
    this.active = Math.max(0, Math.min(last, to));
    if (extend) this.selectRange();
    else this.#anchor = this.active;
  }
}
