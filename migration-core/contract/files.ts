/**
 * Files and folders as the interface knows them: never by a path it made up. A person chooses one, in the system's dialog
 * or in the list of folders that the shell shows, and the page gets an id that stands for that path and that purpose.
 */
import { z } from 'zod';
import { call } from './call.ts';
import { FILE_PURPOSES, type FilePurpose } from './file-purposes.ts';

export { FILE_PURPOSES, type FilePurpose };

export const filePurpose = z.enum(Object.keys(FILE_PURPOSES) as [FilePurpose, ...FilePurpose[]]);

/** Unguessable; stands for one path and one purpose for as long as the program runs. */
export const fileId = z.string().regex(/^file-[0-9a-f]{32}$/u);

export const fileRef = z.object({
  id: fileId,
  purpose: filePurpose,
  name: z.string(),
  /** To be shown, never to be sent. */
  path: z.string(),
  bytes: z.number().nullable(),
});
export type FileRef = z.infer<typeof fileRef>;

export const folderEntry = z.object({
  id: fileId,
  name: z.string(),
  kind: z.enum(['file', 'folder']),
  bytes: z.number().nullable(),
  /** Milliseconds since 1970. */
  changedAt: z.number().nullable(),
  /** Its name ends as files for this purpose do. */
  fits: z.boolean(),
});

const purpose = { purpose: filePurpose };

export const fileCalls = {
  /** By the system's dialog; an empty list when a person thought better of it. Where `dialogs` is `native`. */
  'files.choose': call(
    'read',
    z.strictObject({ ...purpose, suggestedName: z.string().max(200).optional() }),
    z.object({ files: z.array(fileRef) }),
  ),
  /** The list of a folder, for the page's own dialog. null: where this purpose begins. Where `dialogs` is `in-app`. */
  'files.browse': call(
    'read',
    z.strictObject({ ...purpose, folder: fileId.nullable() }),
    z.object({
      folder: folderEntry,
      path: z.string(),
      /** From the top down, without the folder itself. */
      parents: z.array(folderEntry),
      entries: z.array(folderEntry),
      /** More than are listed. */
      more: z.boolean(),
    }),
  ),
  /** Entries of such a list, taken for a purpose; `name`: a new file or folder in the one entry. */
  'files.take': call(
    'read',
    z.strictObject({
      ...purpose,
      entries: z.array(fileId).min(1).max(1000),
      name: z.string().min(1).max(200).optional(),
    }),
    z.object({ files: z.array(fileRef) }),
  ),
  /** Shows it in the system's file manager. Where `reveal` says so. */
  'files.reveal': call('read', z.strictObject({ file: fileId }), z.strictObject({})),
} as const;
