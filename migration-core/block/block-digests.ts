/**
 * The digest of a disk's contents: SHA-256 over the SHA-256 of every 1 MiB of it (the last block may be short). A tree,
 * because its leaves can be hashed by several threads at once and those of zeros are known beforehand. Anyone can
 * recompute it from a raw image:
 *
 *   python3 -c "import hashlib,sys; f=open(sys.argv[1],'rb'); print(hashlib.sha256(b''.join(hashlib.sha256(b).digest() for b in iter(lambda: f.read(1<<20), b''))).hexdigest())" disk.raw
 */
import { createHash, hash } from 'node:crypto';
import { BLOCK, DIGEST_BYTES } from './pipeline-messages.ts';

export const DIGEST_ALGORITHM = 'sha256-tree-1MiB';

export interface ContentDigest {
  algorithm: typeof DIGEST_ALGORITHM;
  /** 64 hex digits. */
  value: string;
}

/** Digests are kept in groups that exist only where something is not zero: a 2 TiB disk has two million blocks. */
const GROUP = 1024;

export class BlockDigests {
  /** Bytes of the disk. */
  readonly size: number;
  readonly blocks: number;
  readonly #groups = new Map<number, Uint8Array>();
  readonly #zero: Uint8Array;
  readonly #zeroLast: Uint8Array;

  constructor(size: number) {
    this.size = size;
    this.blocks = Math.ceil(size / BLOCK);
    this.#zero = zeroDigest(BLOCK);
    this.#zeroLast = size % BLOCK === 0 ? this.#zero : zeroDigest(size % BLOCK);
  }

  /** Notes the SHA-256 of block `index`; a block that is never noted is all zeros. */
  set(index: number, digest: Uint8Array): void {
    const group = Math.floor(index / GROUP);
    let digests = this.#groups.get(group);
    if (digests === undefined) {
      digests = this.#zeroGroup(group);
      this.#groups.set(group, digests);
    }
    digests.set(digest, (index % GROUP) * DIGEST_BYTES);
  }

  get(index: number): Uint8Array {
    const at = (index % GROUP) * DIGEST_BYTES;
    const digests = this.#groups.get(Math.floor(index / GROUP));
    if (digests !== undefined) return digests.subarray(at, at + DIGEST_BYTES);
    return index === this.blocks - 1 ? this.#zeroLast : this.#zero;
  }

  /** Index of the first block that differs, or the number of blocks where none does. */
  firstDifference(other: BlockDigests): number {
    let index = 0;
    while (index < this.blocks && Buffer.compare(this.get(index), other.get(index)) === 0) index++;
    return index;
  }

  /** The root of the tree. */
  digest(): ContentDigest {
    const root = createHash('sha256');
    const zeros = this.#zeroGroup(-1);
    const groups = Math.ceil(this.blocks / GROUP);
    for (let group = 0; group < groups; group++) {
      const count = Math.min(GROUP, this.blocks - group * GROUP);
      const last = group === groups - 1;
      const digests = this.#groups.get(group) ?? (last ? this.#zeroGroup(group) : zeros);
      root.update(digests.subarray(0, count * DIGEST_BYTES));
    }
    return { algorithm: DIGEST_ALGORITHM, value: root.digest('hex') };
  }

  #zeroGroup(group: number): Uint8Array {
    const digests = new Uint8Array(GROUP * DIGEST_BYTES);
    for (let i = 0; i < GROUP; i++) digests.set(this.#zero, i * DIGEST_BYTES);
    const last = this.blocks - 1 - group * GROUP;
    if (group >= 0 && last >= 0 && last < GROUP) digests.set(this.#zeroLast, last * DIGEST_BYTES);
    return digests;
  }
}

function zeroDigest(length: number): Uint8Array {
  return hash('sha256', new Uint8Array(length), 'buffer');
}
