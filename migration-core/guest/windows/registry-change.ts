/** Changes of a registry hive as plain data: what fixers plan, what is applied, and what the undo keeps. */

/**
 * One change below the root of a hive. Key paths have backslashes and no leading one; names are found in either case.
 * `data` is the stored form, as the makers of registry/types.ts give it.
 */
export type RegistryChange =
  /** Sets a value, or makes it; what is missing of the key's path is made, with its parent's security. */
  | { op: 'set'; key: string; name: string; type: number; data: Uint8Array }
  | { op: 'create-key'; key: string }
  /** Nothing happens where the value is not there. */
  | { op: 'delete-value'; key: string; name: string }
  /** With everything below it. Nothing happens where the key is not there. */
  | { op: 'delete-key'; key: string };

/** How one change is taken back, value for value. */
export type RegistryUndo =
  | RegistryChange
  /** A key that was made: it goes where nothing has been put into it since. */
  | { op: 'delete-empty-key'; key: string }
  /** A key that was deleted, with all that was below it. */
  | { op: 'restore-key'; key: string; tree: KeptKey };

export interface KeptKey {
  name: string;
  className: string | null;
  /** A symbolic link of the registry, which is not made again; absent for all others. */
  link?: true;
  /** Self-relative security descriptor. */
  security: Uint8Array;
  values: { name: string; type: number; data: Uint8Array }[];
  subkeys: KeptKey[];
}

/** The bytes of a hive file that the conversion changed, as they were. */
export interface HivePatch {
  /** Lower-case hex, of the whole file as the conversion left it: the patch fits no other. */
  sha256: string;
  /** Bytes of the file before. */
  size: number;
  ranges: { offset: number; bytes: Uint8Array }[];
}
