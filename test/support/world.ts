/** A command line run inside the test: what it printed and how it ended. */
import { runCommandLine } from '../../migration-core/cli/main.ts';

export async function ironlift(
  args: string[],
  signal?: AbortSignal,
  environment: Record<string, string> = {},
): Promise<{ status: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const status = await runCommandLine(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    interactive: false,
    columns: 100,
    tableColumns: Infinity,
    now: () => Date.now(),
    signal: signal ?? new AbortController().signal,
    environment,
    ask: async () => null,
  });
  return { status, out, err };
}
