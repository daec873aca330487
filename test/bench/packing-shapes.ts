/** The same servers packed by each way to fold a week and by the habits of the market, and what came of each plan. */
import { demandsOf, packedTo, replayed, WAYS, type Traces, type Window } from './traces.ts';

/** Packs by each way to the ceilings and prints a line for it. */
export function compareShapes(title: string, traces: Traces): void {
  console.log(`\n${title}: share of slots of hosts over a ceiling / over 100 %, any resource`);
  const windows: Window[] = [
    [0, traces.planned],
    ...traces.replays.map(([, from, to]) => [from, to] as const),
  ];
  const titles = ['packed', ...traces.replays.map(([name]) => name)];
  let habit = 0;
  for (const way of WAYS) {
    const result = packedTo(traces, demandsOf(traces, way), traces.ceilings);
    const { bound, unplaced, hosts } = result;
    if (habit === 0) habit = hosts.length;
    const shares = replayed(traces, result, windows).map(({ slots, overCeiling, overFull }, at) => {
      const percent = (count: number): string => ((100 * count) / slots).toFixed(3);
      return `  ${titles[at]!} ${percent(overCeiling)} / ${percent(overFull)}`;
    });
    const binding = bound.by === 'sum' ? traces.resources[bound.resource]! : bound.by;
    console.log(
      `${way.title.padEnd(23)}${String(hosts.length).padStart(5)} hosts (bound ${bound.hosts}, ${binding}), ` +
        `${(100 * (1 - hosts.length / habit)).toFixed(0).padStart(4)} % fewer than p95;${shares.join('')}` +
        (unplaced.length > 0 ? `  ${unplaced.length} UNPLACED` : ''),
    );
  }
}
