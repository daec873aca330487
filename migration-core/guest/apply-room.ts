/** Whether the guest's volumes have room for the edits: asked before the first one is written. */
import { IronliftError } from '../base/errors.ts';
import { roundUp } from '../base/bytes.ts';
import type { GuestFileSystem } from '../filesystem/filesystem.ts';
import type { GuestEdit } from './fixer.ts';
import type { GuestTree } from './tree.ts';
import { hiveGrowth } from './windows/hive-growth.ts';

export interface RoomNeeded {
  /** Where the volume is mounted in the guest. */
  mount: string;
  volume: string;
  /** Bytes the edits take at most, and those that are free. */
  bytes: number;
  freeBytes: number;
  inodes: number;
  freeInodes: number;
}

/**
 * A new name may make its directory grow by a block, and a file in many pieces needs index blocks: this is kept on top
 * for each edit.
 */
const BLOCKS_ASIDE = 2;

/** What the edits take on each volume they touch. An upper limit: what they free is not counted. */
export async function roomNeeded(tree: GuestTree, edits: readonly GuestEdit[]): Promise<RoomNeeded[]> {
  const needs = new Map<GuestFileSystem, RoomNeeded>();
  for (const { action } of edits) {
    const { fileSystem, volume } = tree.locate(action.path);
    let need = needs.get(fileSystem);
    if (need === undefined) {
      const mount = tree.mounts.find((candidate) => candidate.fileSystem === fileSystem)?.path ?? '/';
      const { freeBytes, freeInodes } = fileSystem;
      need = { mount, volume, bytes: 0, freeBytes, inodes: 0, freeInodes };
      needs.set(fileSystem, need);
    }
    const block = fileSystem.blockSize;
    if (action.kind === 'write') {
      const old = await tree.lstat(action.path);
      const grown = roundUp(action.content.length, block) - roundUp(old?.size ?? 0, block);
      need.bytes += Math.max(0, grown) + (grown > 0 || old === null ? BLOCKS_ASIDE * block : 0);
      if (old?.type !== 'file') need.inodes += 1;
    } else if (action.kind === 'append') {
      need.bytes += roundUp(action.content.length, block) + BLOCKS_ASIDE * block;
    } else if (action.kind === 'mkdir' || action.kind === 'symlink') {
      need.bytes += (1 + BLOCKS_ASIDE) * block;
      need.inodes += 1;
    } else if (action.kind === 'registry') {
      need.bytes += roundUp(hiveGrowth(action.changes), block) + BLOCKS_ASIDE * block;
    } else if (action.kind === 'rename') {
      need.bytes += BLOCKS_ASIDE * block;
    }
  }
  return [...needs.values()];
}

/** @throws NO_SPACE_IN_GUEST naming the volume and what is missing. */
export async function checkRoom(tree: GuestTree, edits: readonly GuestEdit[]): Promise<void> {
  for (const need of await roomNeeded(tree, edits)) {
    const { mount, bytes, freeBytes, inodes, freeInodes } = need;
    if (bytes > freeBytes)
      throw noRoom(
        need,
        `${mebibytes(bytes)} for the changes of the conversion, and ${mebibytes(freeBytes)} are free`,
      );
    if (inodes > freeInodes)
      throw noRoom(
        need,
        `${inodes} new files for the conversion, and ${freeInodes} can still be created on ${mount}`,
      );
  }
}

function noRoom(need: RoomNeeded, needed: string): IronliftError {
  return new IronliftError(
    'NO_SPACE_IN_GUEST',
    `The server's volume ${need.mount} is too full: it takes ${needed}.`,
    {
      next: `Free some space on ${need.mount} of the server, for example by removing old logs and updates, then start again.`,
      data: { ...need },
    },
  );
}

const mebibytes = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
