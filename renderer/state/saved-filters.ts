/** Filters that a person gave a name, for each table, kept by this browser or window. */
export interface SavedFilter {
  name: string;
  filter: string;
}

const AT_MOST = 30;
const keyOf = (table: string): string => `ironlift.filters.${table}`;

export function savedFilters(table: string, storage: Pick<Storage, 'getItem'> = localStorage): SavedFilter[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(keyOf(table)) ?? '[]');
    if (!Array.isArray(kept)) return [];
    return kept
      .filter(
        (entry: unknown): entry is SavedFilter =>
          typeof entry === 'object' &&
          entry !== null &&
          typeof (entry as SavedFilter).name === 'string' &&
          typeof (entry as SavedFilter).filter === 'string',
      )
      .slice(0, AT_MOST);
  } catch {
    // Somebody else wrote there, or storage is forbidden: then there are none.
    return [];
  }
}

/** One of the same name is replaced. @returns what is kept now */
export function saveFilter(
  table: string,
  saved: SavedFilter,
  storage: Pick<Storage, 'getItem' | 'setItem'> = localStorage,
): SavedFilter[] {
  const others = savedFilters(table, storage).filter(({ name }) => name !== saved.name);
  return keep(table, [...others, saved].slice(-AT_MOST), storage);
}

export function removeFilter(
  table: string,
  name: string,
  storage: Pick<Storage, 'getItem' | 'setItem'> = localStorage,
): SavedFilter[] {
  return keep(
    table,
    savedFilters(table, storage).filter((saved) => saved.name !== name),
    storage,
  );
}

function keep(table: string, filters: SavedFilter[], storage: Pick<Storage, 'setItem'>): SavedFilter[] {
  try {
    storage.setItem(keyOf(table), JSON.stringify(filters));
  } catch {
    // It is full or forbidden: the filter lasts as long as the page.
  }
  return filters;
}
