/** Engagements that were opened on this computer, newest first, with what is shown of each. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readKept, writeJson } from '../data-folder.ts';
import type { Shell } from '../shell.ts';

/** More than a start screen shows. */
const MAX_RECENT = 20;

const entry = z.object({
  path: z.string().min(1).max(4096),
  name: z.string().max(1000),
  openedAt: z.number(),
  scenario: z.string().max(200).nullable().catch(null),
});
export type Recent = z.infer<typeof entry>;

/** One entry that is not understood does not cost the others. */
const list = z.object({ version: z.number(), recent: z.array(z.unknown()).max(1000) });

export interface RecentList {
  /** `there`: nothing was moved or pulled since. */
  all(): (Recent & { there: boolean })[];
  /** The scenario that was shown last, or null. */
  opened(path: string, name: string): string | null;
  shown(path: string, scenario: string): void;
}

export function recentList(shell: Shell, report: (error: unknown, where: string) => void): RecentList {
  const file = join(shell.dataFolder, 'recent.json');
  // Read anew each time: another program may have the same data folder.
  const read = (): Recent[] =>
    readKept(file, list, { version: 1, recent: [] }).recent.flatMap((one) => {
      const parsed = entry.safeParse(one);
      return parsed.success ? [parsed.data] : [];
    });
  const put = (one: Recent): void => {
    const others = read().filter(({ path }) => path !== one.path);
    try {
      writeJson(file, { version: 1, recent: [one, ...others].slice(0, MAX_RECENT) }, shell.randomId());
    } catch (error) {
      report(error, 'The list of recent engagements could not be kept');
    }
  };
  return {
    all: () => read().map((one) => ({ ...one, there: existsSync(one.path) })),
    opened(path, name) {
      const scenario = read().find((one) => one.path === path)?.scenario ?? null;
      put({ path, name, openedAt: shell.now(), scenario });
      return scenario;
    },
    shown(path, scenario) {
      const known = read().find((one) => one.path === path);
      if (known !== undefined) put({ ...known, scenario });
    },
  };
}
