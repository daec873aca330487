/** Changes of what is said of servers, so that they can be taken back. */
import { isDeepStrictEqual } from 'node:util';
import { plural } from '../../base/text.ts';
import type { ServerId } from '../../store/engagement.ts';
import {
  serverAnnotations,
  type BackupWindow,
  type ServerAnnotations,
} from '../../store/model/annotations.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Session } from '../session.ts';

export interface AnnotationEdit {
  set?: ServerAnnotations | undefined;
  clear?: readonly (keyof ServerAnnotations)[] | undefined;
  addTags?: readonly string[] | undefined;
  removeTags?: readonly string[] | undefined;
  /** Take the place of those each server has; how it is backed up stays. */
  backupWindows?: readonly BackupWindow[] | undefined;
}

/** Tags keep their order; one that is there is not there twice. */
export function edited(before: ServerAnnotations, edit: AnnotationEdit): ServerAnnotations {
  const cleared = new Set<string>(edit.clear);
  const set = Object.fromEntries(Object.entries(edit.set ?? {}).filter(([, value]) => value !== undefined));
  const after: ServerAnnotations = Object.fromEntries(
    Object.entries({ ...before, ...set }).filter(([key]) => !cleared.has(key)),
  );
  if (edit.addTags !== undefined || edit.removeTags !== undefined) {
    const removed = new Set(edit.removeTags);
    const tags = [...new Set([...(after.tags ?? []), ...(edit.addTags ?? [])])].filter(
      (tag) => !removed.has(tag),
    );
    if (tags.length > 0) after.tags = tags;
    else delete after.tags;
  }
  if (edit.backupWindows !== undefined) {
    const backup = { ...after.backup, windows: [...edit.backupWindows] };
    if (backup.windows.length > 0 || Object.keys(backup).length > 1) after.backup = backup;
    else delete after.backup;
  }
  return after;
}

const WHAT: Partial<Record<keyof ServerAnnotations, string>> = {
  criticality: 'criticality',
  environment: 'environment',
  owner: 'owner',
  site: 'site',
  zone: 'zone',
  applications: 'applications',
  dependsOn: 'dependencies',
  tags: 'tags',
};

export function labelOf(edit: AnnotationEdit, servers: number): string {
  const count = plural(servers, 'server');
  const windows = edit.backupWindows !== undefined;
  const tags = edit.addTags !== undefined || edit.removeTags !== undefined;
  if (edit.set === undefined && edit.clear === undefined && windows !== tags)
    return windows
      ? `Change backup windows of ${count}`
      : edit.addTags === undefined
        ? `Remove tags of ${count}`
        : `Tag ${count}`;
  const keys = [...Object.keys(edit.set ?? {}), ...(edit.clear ?? [])] as (keyof ServerAnnotations)[];
  return keys.length === 1 && !windows
    ? `Change ${WHAT[keys[0]!] ?? 'annotations'} of ${count}`
    : `Change annotations of ${count}`;
}

/** Writes them as one edit. Servers whose annotations stay as they are do not count. @returns how many changed */
export function putAll(
  session: Session,
  label: string | ((changed: number) => string),
  wanted: ReadonlyMap<ServerId, ServerAnnotations>,
): number {
  const engagement = session.engagement();
  const changes: { id: ServerId; before: ServerAnnotations; after: ServerAnnotations }[] = [];
  for (const [id, annotations] of wanted) {
    const before = engagement.annotations(id);
    const checked = serverAnnotations.safeParse(annotations);
    if (!checked.success)
      throw new IronliftError('USAGE', 'What was said of a server is not allowed as it stands.', {
        next: 'Check the field you changed last.',
        data: {
          issues: checked.error.issues
            .slice(0, 5)
            .map(({ path, message }) => `${path.join('.')}: ${message}`),
        },
      });
    if (!isDeepStrictEqual(before, checked.data)) changes.push({ id, before, after: checked.data });
  }
  if (changes.length === 0) return 0;
  const put = (which: 'before' | 'after'): void => {
    const file = session.engagement();
    for (const change of changes) file.putAnnotations(change.id, change[which]);
  };
  const said = typeof label === 'string' ? label : label(changes.length);
  return session.edit(said, ['servers', 'assessment', 'plan', 'waves'], () => {
    put('after');
    return { result: changes.length, undo: () => put('before'), redo: () => put('after') };
  });
}
