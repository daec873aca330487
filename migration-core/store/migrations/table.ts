/** All changes of the schema, in order: the number of one is the version of the file after it. None is ever changed. */
import type { Migration } from './migration.ts';
import { firstSchema } from './001-first.ts';
import { planningSchema } from './002-planning.ts';

export const migrations: readonly Migration[] = [firstSchema, planningSchema];
