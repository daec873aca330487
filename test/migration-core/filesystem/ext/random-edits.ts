/** Random changes made to a volume and to a tree of what it should then hold. */
import { isIronliftError } from '../../../../migration-core/base/errors.ts';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { seeded } from '../../../support/tools.ts';
import type { Node, Tree } from './tree.ts';

interface Dice {
  below: (limit: number) => number;
  pick: <T>(list: readonly T[]) => T;
  bytes: (length: number) => Buffer;
}

function dice(seed: number): Dice {
  const random = seeded(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    pick: (list) => list[below(list.length)]!,
    bytes(length) {
      const bytes = Buffer.alloc(length);
      // Cheap, not all alike, and with a run of zeros now and then.
      for (let i = 0; i < length; i += 4096)
        bytes.fill(below(8) === 0 ? 0 : below(256), i, Math.min(length, i + 4096 + below(3)));
      if (length > 8) bytes.writeUInt32LE(below(2 ** 31), below(length - 4));
      return bytes;
    },
  };
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

const SIZES = [0, 1, 59, 60, 61, 155, 300, 1023, 1024, 4095, 4097, 9000, 40_000, 66_000, 200_000, 900_000];
const ATTRIBUTES = [
  'security.selinux',
  'user.note',
  'user.a',
  'trusted.overlay',
  'user.quite-a-long-name-for-an-attribute',
];

/** Makes `count` changes; what the volume has no room for is left out of both. Returns how many were made. */
export async function randomEdits(
  fs: GuestFileSystem,
  tree: Tree,
  seed: number,
  count: number,
): Promise<number> {
  const d = dice(seed);
  let serial = 0;
  let made = 0;
  const ofType = (type: string): string[] =>
    [...tree].filter(([, node]) => node.type === type).map(([path]) => path);
  const folder = (): string => d.pick(['', ...ofType('directory')]);
  const freshPath = (): string => {
    const name = d.pick(['f', 'name', 'ünï-', 'long'.repeat(1 + d.below(50))]);
    return `${folder()}/${name}${serial++}`;
  };
  const newNode = (type: string, mode: number): Node => ({
    type,
    mode,
    uid: 0,
    gid: 0,
    content: Buffer.alloc(0),
    target: '',
    xattrs: new Map(),
  });
  const someFile = (): [string, Node] | null => {
    const files = ofType('file');
    if (files.length === 0) return null;
    const path = d.pick(files);
    return [path, tree.get(path)!];
  };

  const edits: (() => Promise<void>)[] = [
    async () => {
      const path = freshPath();
      const content = d.bytes(d.pick(SIZES));
      const node = {
        ...newNode('file', d.below(0o10000)),
        uid: d.below(3) * 70_000,
        gid: d.below(3) * 1000,
        content,
      };
      await fs.writeFile(path, content, { mode: node.mode, uid: node.uid, gid: node.gid });
      tree.set(path, node);
    },
    async () => {
      const [path, node] = someFile() ?? [];
      if (path === undefined) return;
      const content = d.bytes(d.pick(SIZES));
      await fs.writeFile(path, content);
      node!.content = content;
    },
    async () => {
      const [path, node] = someFile() ?? [];
      if (path === undefined) return;
      const old = node!.content;
      const offset = d.below(3) === 0 ? old.length : d.below(old.length + 1);
      const data = d.bytes(1 + d.below(d.pick([10, 3000, 150_000])));
      await fs.writeRange(path, offset, data);
      const content = Buffer.alloc(Math.max(old.length, offset + data.length));
      old.copy(content);
      data.copy(content, offset);
      node!.content = content;
    },
    async () => {
      const [path, node] = someFile() ?? [];
      if (path === undefined) return;
      const size = d.below(node!.content.length + 1);
      await fs.truncate(path, size);
      node!.content = node!.content.subarray(0, size);
    },
    async () => {
      const path = freshPath();
      await fs.mkdir(path, { mode: 0o750 });
      tree.set(path, newNode('directory', 0o750));
    },
    async () => {
      const path = freshPath();
      const target = 'x'.repeat(d.pick([1, 30, 59, 60, 61, 150, 700]));
      await fs.symlink(path, target);
      tree.set(path, { ...newNode('symlink', 0o777), target });
    },
    async () => {
      const empty = [...tree.keys()].filter(
        (path) => ![...tree.keys()].some((other) => parentOf(other) === path),
      );
      if (empty.length === 0) return;
      const path = d.pick(empty);
      await fs.remove(path);
      tree.delete(path);
    },
    async () => {
      const from = d.pick([...tree.keys()]);

      const to = freshPath();
      if (to.startsWith(`${from}/`)) return;
      await fs.rename(from, to);
      for (const path of [...tree.keys()]) {
        if (path !== from && !path.startsWith(`${from}/`)) continue;
        const node = tree.get(path)!;
        tree.delete(path);
        tree.set(to + path.slice(from.length), node);
      }
    },
    async () => {
      const [path, node] = d.pick([...tree].filter(([, one]) => one.type !== 'symlink'));

      // The group bits of a file with an access list are those of its mask; the kernel keeps both alike, chmod(2) here does not.
      if (node.xattrs.has('system.posix_acl_access')) return;
      const mode = d.below(0o10000);
      await fs.chmod(path, mode);
      node.mode = mode;
    },
    async () => {
      const [path, node] = d.pick([...tree]);
      const [uid, gid] = [d.below(200_000), d.below(4)];
      await fs.chown(path, uid, gid);
      [node.uid, node.gid] = [uid, gid];
    },
    async () => {
      const [path, node] = d.pick([...tree]);
      const name = d.pick(ATTRIBUTES);
      if (name.startsWith('user.') && node.type !== 'file' && node.type !== 'directory') return;
      const value = d.bytes(d.pick([0, 5, 30, 90, 250, 700]));
      await fs.setXattr(path, name, value);
      node.xattrs.set(name, value);
    },
    async () => {
      const [path, node] = d.pick([...tree]);
      if (node.xattrs.size === 0) return;
      const name = d.pick([...node.xattrs.keys()]);
      await fs.removeXattr(path, name);
      node.xattrs.delete(name);
    },
    async () => fs.flush(),
  ];

  for (let i = 0; i < count; i++) {
    try {
      // The first ones make something to work on.
      await (tree.size < 3 ? edits[0]! : d.pick(edits))();
      made++;
    } catch (error) {
      if (!isIronliftError(error, 'NO_SPACE_IN_GUEST')) throw error;
    }
  }
  await fs.flush();
  return made;
}
