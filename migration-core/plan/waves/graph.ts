/** Directed graphs over 0 ... n-1, and who depends on each other in a circle. Without recursion: chains may be long. */

/** Targets of each node, packed: those of node v are `targets[starts[v]]` up to before `targets[starts[v + 1]]`. */
export interface Graph {
  nodes: number;
  starts: Int32Array;
  targets: Int32Array;
}

export function graphOf(nodes: number, edges: readonly (readonly [from: number, to: number])[]): Graph {
  const starts = new Int32Array(nodes + 1);
  for (const [from] of edges) starts[from + 1]!++;
  for (let v = 0; v < nodes; v++) starts[v + 1]! += starts[v]!;
  const next = starts.slice();
  const targets = new Int32Array(edges.length);
  for (const [from, to] of edges) targets[next[from]!++] = to;
  return { nodes, starts, targets };
}

/**
 * Strongly connected parts (Tarjan 1972): the part of each node. Parts are numbered so that whoever is depended upon
 * comes first: every edge goes to the same or a lower number.
 */
export function strongParts({ nodes, starts, targets }: Graph): { part: Int32Array; parts: number } {
  const part = new Int32Array(nodes).fill(-1);
  const order = new Int32Array(nodes).fill(-1);
  const low = new Int32Array(nodes);
  const at = starts.slice(0, nodes);
  const stack: number[] = [];
  const path: number[] = [];
  let count = 0;
  let parts = 0;
  for (let start = 0; start < nodes; start++) {
    if (order[start] !== -1) continue;
    path.push(start);
    while (path.length > 0) {
      const v = path[path.length - 1]!;
      if (order[v] === -1) {
        order[v] = low[v] = count++;
        stack.push(v);
      }
      if (at[v]! < starts[v + 1]!) {
        const w = targets[at[v]!++]!;
        if (order[w] === -1) path.push(w);
        else if (part[w] === -1) low[v] = Math.min(low[v]!, order[w]!);
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[v]!);
      if (low[v] !== order[v]) continue;
      for (let w = -1; w !== v;) {
        w = stack.pop()!;
        part[w] = parts;
      }
      parts++;
    }
  }
  return { part, parts };
}

/** Sets that grow together; the smallest number of a set stands for it. */
export class Sets {
  readonly #parent: Int32Array;

  constructor(count: number) {
    this.#parent = Int32Array.from({ length: count }, (_, i) => i);
  }

  find(one: number): number {
    const parent = this.#parent;
    let root = one;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = one; at !== root;) {
      const next = parent[at]!;
      parent[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)];
    this.#parent[Math.max(x, y)] = Math.min(x, y);
  }
}
