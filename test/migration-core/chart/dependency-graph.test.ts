import { describe, expect, it } from 'vitest';
import { dependencyGraph, type GraphEdge } from '../../../migration-core/chart/dependency-graph.ts';

const words = {
  columns: ['Uses', 'Is used', 'Service', 'Known'],
  strength: { told: 'told', strong: 'often', weak: 'once' },
  summary: (servers: number, links: number, left: number) => `${servers} ${links} ${left}`,
  uses: 'Uses',
  usedBy: 'Used by',
};
const edge = (from: number, to: number, strength: GraphEdge['strength'] = 'strong'): GraphEdge => ({
  ...{ from, to, strength },
  ports: ['tcp/5432'],
});
const namesOf = (count: number): Map<number, string> =>
  new Map(Array.from({ length: count }, (_, index) => [index + 1, `server-${index + 1}`]));
const draw = (edges: GraphEdge[], focus: number | null = null, names = namesOf(200)) =>
  dependencyGraph({ names, edges, width: 800, focus, words });
const xOf = ({ readings }: ReturnType<typeof draw>, name: string): number =>
  readings.find(({ title }) => title === name)!.x;

describe('the picture of who talks to whom', () => {
  it('has users to the left of what they use, and says the same as a table', () => {
    const picture = draw([edge(1, 2), edge(2, 3, 'told'), edge(1, 3, 'weak')]);
    expect(xOf(picture, 'server-1')).toBeLessThan(xOf(picture, 'server-2'));
    expect(xOf(picture, 'server-2')).toBeLessThan(xOf(picture, 'server-3'));
    expect(picture.marks.filter(({ kind }) => kind === 'path')).toHaveLength(3);
    expect(picture.table.rows).toEqual([
      ['server-1', 'server-2', 'tcp/5432', 'often'],
      ['server-2', 'server-3', 'tcp/5432', 'told'],
      ['server-1', 'server-3', 'tcp/5432', 'once'],
    ]);
    expect(picture.readings.find(({ title }) => title === 'server-2')!.values).toEqual([
      { name: 'Uses', text: 'server-3' },
      { name: 'Used by', text: 'server-1' },
    ]);
  });

  it('of one server has its neighbours only, those it uses on the right', () => {
    const picture = draw([edge(1, 2), edge(2, 3), edge(4, 5), edge(2, 6), edge(6, 2)], 2);
    expect(picture.readings.map(({ title }) => title).sort()).toEqual([
      'server-1',
      'server-2',
      'server-3',
      'server-6',
    ]);
    expect(xOf(picture, 'server-1')).toBeLessThan(xOf(picture, 'server-2'));
    expect(xOf(picture, 'server-6')).toBeGreaterThan(xOf(picture, 'server-2'));
  });

  it('ends with circles, names that are markup, links to nobody, and far too many', () => {
    const names = new Map([...namesOf(2), [3, '<script>alert(1)</script>'.repeat(20)]]);
    const circle = draw([edge(1, 2), edge(2, 3), edge(3, 1), edge(1, 99), edge(2, 2)], null, names);
    expect(circle.readings).toHaveLength(3);
    for (const mark of circle.marks) {
      for (const value of Object.values(mark)) expect(String(value)).not.toMatch(/NaN|undefined/u);
      if (mark.kind === 'text') expect(mark.x).toBeLessThan(800);
    }
    const hub = Array.from({ length: 199 }, (_, index) => edge(index + 2, 1));
    const large = draw(hub);
    expect(large.readings).toHaveLength(60);
    expect(large.summary).toBe('200 199 140');
    expect(large.table.rows).toHaveLength(199);
    expect(draw([]).summary).toBe('0 0 0');
    expect(JSON.stringify(draw(hub))).toBe(JSON.stringify(large));
  });
});
