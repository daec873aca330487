/** The same record without some of its fields; absent ones stay absent. */
export const without = <T extends object, K extends keyof T>(record: T, ...fields: K[]): Omit<T, K> =>
  Object.fromEntries(
    Object.entries(record).filter(([field]) => !(fields as readonly PropertyKey[]).includes(field)),
  ) as Omit<T, K>;
