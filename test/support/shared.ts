/**
 * Published schemas and real configurations that lie beside the checkout (../shared/fixtures), not in it. Tests that use
 * them say so by name and are skipped visibly where the folder is missing. IRONLIFT_SHARED names another place.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FIXTURES = join(
  process.env['IRONLIFT_SHARED'] ?? resolve(import.meta.dirname, '../../../shared'),
  'fixtures',
);

export const hasShared = existsSync(FIXTURES);
/** What such a test adds to its name. */
export const NEEDS_SHARED = '(skipped where ../shared/fixtures is missing)';

export const sharedPath = (path: string): string => join(FIXTURES, path);

export const sharedJson = (path: string): unknown => JSON.parse(readFileSync(sharedPath(path), 'utf8'));
