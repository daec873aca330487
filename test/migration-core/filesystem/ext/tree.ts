/** A tree of files as plain values: what a volume should hold, what the kernel sees in it, and what our driver reads. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestFileSystem } from '../../../../migration-core/filesystem/filesystem.ts';
import { run } from '../../../support/tools.ts';

export interface Node {
  type: string;
  mode: number;
  uid: number;
  gid: number;
  content: Buffer;
  target: string;
  xattrs: Map<string, Buffer>;
}

/** Path to node; hard links share one. */
export type Tree = Map<string, Node>;

const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex').slice(0, 12);

/** One line a node, to be compared. */
export function describeTree(tree: Tree, withXattrs = true): string[] {
  const links = new Map<Node, number>();
  for (const node of tree.values()) links.set(node, (links.get(node) ?? 0) + 1);
  return [...tree.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, node]) => {
      const mode = node.type === 'symlink' ? '' : node.mode.toString(8);
      const content =
        node.type === 'file'
          ? `${node.content.length} ${hash(node.content)}`
          : node.type === 'symlink'
            ? node.target
            : '';
      const xattrs = [...node.xattrs]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${name}=${value.length}:${hash(value)}`);
      const counted = node.type === 'directory' ? '' : `x${links.get(node)}`;
      return `${path} ${node.type} ${mode} ${node.uid}:${node.gid} ${counted} ${content} ${withXattrs ? xattrs.join(' ') : ''}`;
    });
}

function typeOf(stat: Awaited<ReturnType<typeof lstat>>): string {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isCharacterDevice()) return 'character';
  if (stat.isBlockDevice()) return 'block';
  return 'socket';
}

/** What the kernel shows below a folder. */
export async function hostTree(folder: string, withXattrs = true): Promise<Tree> {
  const tree: Tree = new Map();
  const byInode = new Map<number, Node>();
  const walk = async (below: string): Promise<void> => {
    for (const name of await readdir(join(folder, below))) {
      const path = `${below}/${name}`;
      if (path === '/lost+found') continue;
      const host = join(folder, path);
      const stat = await lstat(host);
      const type = typeOf(stat);
      const node = byInode.get(stat.ino) ?? {
        type,
        mode: stat.mode & 0o7777,
        uid: stat.uid,
        gid: stat.gid,
        content: type === 'file' ? await readFile(host) : Buffer.alloc(0),
        target: type === 'symlink' ? await readlink(host) : '',
        xattrs: new Map<string, Buffer>(),
      };
      byInode.set(stat.ino, node);
      tree.set(path, node);
      if (type === 'directory') await walk(path);
    }
  };
  await walk('');
  if (withXattrs) await addHostXattrs(folder, tree);
  return tree;
}

async function addHostXattrs(folder: string, tree: Tree): Promise<void> {
  const output = await run('getfattr', ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'], {
    cwd: folder,
  });
  let node: Node | undefined;
  for (const line of output.split('\n')) {
    if (line.startsWith('# file: ')) {
      // Bytes that are not ASCII come as they are or in octal, by the version of getfattr.
      const bytes = Buffer.from(line.slice(8))
        .toString('latin1')
        .replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
      node = tree.get(`/${Buffer.from(bytes, 'latin1').toString('utf8').replace(/^\.\//, '')}`);
      continue;
    }
    const [, name, value] = /^([^=]+)=?(?:0x)?([0-9a-f]*)$/.exec(line) ?? [];
    if (name !== undefined) node?.xattrs.set(name, Buffer.from(value ?? '', 'hex'));
  }
}

/** What our driver reads of the whole volume. */
export async function driverTree(fs: GuestFileSystem): Promise<Tree> {
  const tree: Tree = new Map();
  const byInode = new Map<number, Node>();
  const walk = async (below: string): Promise<void> => {
    for (const entry of await fs.readdir(below === '' ? '/' : below)) {
      const path = `${below}/${entry.name}`;
      if (path === '/lost+found') continue;
      const stat = await fs.stat(path);
      if (stat.type !== entry.type)
        throw new Error(`${path}: ${entry.type} in its folder, ${stat.type} itself`);
      const node = byInode.get(stat.inode) ?? {
        type: stat.type,
        mode: stat.mode,
        uid: stat.uid,
        gid: stat.gid,
        content: stat.type === 'file' ? Buffer.from(await fs.readFile(path)) : Buffer.alloc(0),
        target: stat.type === 'symlink' ? await fs.readlink(path) : '',
        xattrs: new Map([...(await fs.xattrs(path))].map(([name, value]) => [name, Buffer.from(value)])),
      };
      byInode.set(stat.inode, node);
      tree.set(path, node);
      if (stat.type === 'directory') await walk(path);
    }
  };
  await walk('');
  return tree;
}
