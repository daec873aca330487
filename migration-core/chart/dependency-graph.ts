/**
 * Who talks to whom, as servers in columns: whoever uses a service stands to the left of it. Drawn for the servers with the
 * most links, for more than a few dozen names are no picture; the table beside it has all of them.
 */
import { round, type Mark, type Picture, type Reading } from './picture.ts';

export interface GraphEdge {
  from: number;
  to: number;
  /** `told` by people, `strong`: seen again and again, `weak`: seen once. */
  strength: 'told' | 'strong' | 'weak';
  /** `tcp/5432`; a few. */
  ports: readonly string[];
}

export interface GraphInput {
  names: ReadonlyMap<number, string>;
  edges: readonly GraphEdge[];
  width: number;
  /** The server that is looked at: it and its neighbours only. null: the whole. */
  focus: number | null;
  words: {
    columns: readonly string[];
    strength: Readonly<Record<GraphEdge['strength'], string>>;
    summary: (servers: number, links: number, left: number) => string;
    uses: string;
    usedBy: string;
  };
}

/** Servers in the picture. */
const MOST = 60;
const ROW = 22;
const TOP = 8;
/** Pixels a letter takes at most, on the average. */
const LETTER = 6.6;

export function dependencyGraph({ names, edges, width, focus, words }: GraphInput): Picture {
  const known = edges.filter(({ from, to }) => from !== to && names.has(from) && names.has(to));
  const near = focus === null ? known : known.filter(({ from, to }) => from === focus || to === focus);
  const shown = mostLinked(near, focus);
  const drawn = near.filter(({ from, to }) => shown.has(from) && shown.has(to));
  const columns = columnsOf([...shown], drawn, focus);
  const places = new Map<number, { x: number; y: number }>();
  const step = columns.length === 0 ? 0 : width / columns.length;
  const room = Math.max(6, Math.floor((step - 34) / LETTER));
  columns.forEach((column, index) =>
    column.forEach((id, row) => places.set(id, { x: round(index * step + 8), y: TOP + row * ROW + ROW / 2 })),
  );
  const height = TOP * 2 + ROW * Math.max(1, ...columns.map(({ length }) => length));
  const marks: Mark[] = [];
  const wide = (id: number): number => Math.min(room, names.get(id)!.length) * LETTER + 8;
  for (const { from, to, strength } of drawn) {
    const [a, b] = [places.get(from)!, places.get(to)!];
    const x1 = round(a.x + wide(from));
    const x2 = b.x > a.x ? b.x - 6 : round(b.x + wide(to));
    const bend = b.x > a.x ? (x2 - x1) / 2 : Math.max(12, step / 5);
    const d = `M${x1} ${a.y}C${round(x1 + bend)} ${a.y} ${round(x2 + (b.x > a.x ? -bend : bend))} ${b.y} ${round(x2)} ${b.y}`;
    marks.push({ kind: 'path', d, paint: 'line', role: ROLES[strength] });
  }
  const readings: Reading[] = [];
  for (const [id, { x, y }] of places) {
    const name = names.get(id)!;
    const text = name.length > room ? `${name.slice(0, room - 1)}…` : name;
    marks.push(
      { kind: 'rect', x: x - 4, y: y - 8, width: 3, height: 16, role: id === focus ? 'series-1' : 'muted' },
      { kind: 'text', x: x + 2, y: y + 4, text, anchor: 'start', role: 'label' },
    );
    const others = (of: 'from' | 'to', other: 'from' | 'to'): string =>
      drawn
        .filter((edge) => edge[of] === id)
        .map((edge) => names.get(edge[other])!)
        .join(', ');
    readings.push({
      ...{ x: x - 4, y: y - ROW / 2, width: round(wide(id) + 8), height: ROW, title: name },
      values: [
        { name: words.uses, text: others('from', 'to') || '–' },
        { name: words.usedBy, text: others('to', 'from') || '–' },
      ],
    });
  }
  const all = new Set(near.flatMap(({ from, to }) => [from, to]));
  return {
    ...{ width, height, marks, readings },
    summary: words.summary(all.size, near.length, all.size - shown.size),
    table: {
      columns: words.columns,
      rows: near.map(({ from, to, strength, ports }) => [
        names.get(from)!,
        names.get(to)!,
        ports.join(', '),
        words.strength[strength],
      ]),
    },
  };
}

const ROLES = { told: 'series-1', strong: 'series-2', weak: 'muted' } as const;

/** By the number of their links, then by id, so that the same data gives the same picture. */
function mostLinked(edges: readonly GraphEdge[], focus: number | null): Set<number> {
  const links = new Map<number, number>();
  for (const { from, to } of edges) for (const id of [from, to]) links.set(id, (links.get(id) ?? 0) + 1);
  const order = [...links].sort(([a, many], [b, more]) => more - many || a - b).map(([id]) => id);
  const chosen = new Set(order.slice(0, MOST));
  if (focus !== null && links.has(focus)) chosen.add(focus);
  return chosen;
}

/** As few columns as the longest way through needs, six at most; who only uses is first, who is only used is last. */
function columnsOf(ids: readonly number[], edges: readonly GraphEdge[], focus: number | null): number[][] {
  const level = new Map(ids.map((id) => [id, 0]));
  if (focus !== null) {
    for (const { from, to } of edges) {
      if (from === focus) level.set(to, 2);
      if (to === focus && !edges.some((edge) => edge.from === focus && edge.to === from)) level.set(from, 0);
    }
    level.set(focus, 1);
  } else {
    // Circles end it: nobody is pushed further than there are columns.
    const last = 5;
    for (let turn = 0; turn < last; turn++)
      for (const { from, to } of edges)
        if (level.get(to)! <= level.get(from)!) level.set(to, Math.min(last, level.get(from)! + 1));
  }
  const columns = new Map<number, number[]>();
  for (const id of ids) columns.set(level.get(id)!, [...(columns.get(level.get(id)!) ?? []), id]);
  return [...columns].sort(([a], [b]) => a - b).map(([, column]) => column.sort((a, b) => a - b));
}
