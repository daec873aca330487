/** The names of an image before it is finished: every file of it is called `NAME.partial` until it is complete and verified. */

export const PARTIAL = '.partial';

export const isPartial = (path: string): boolean => path.endsWith(PARTIAL);

/** The path without the mark, where it has one. */
export const finalPath = (path: string): string => (isPartial(path) ? path.slice(0, -PARTIAL.length) : path);
