/** The table of all fixers. Order matters: each one plans on the guest as those before it leave it. */
import { throwIfCancelled } from '../base/cancel.ts';
import type { Finding } from '../base/finding.ts';
import type { FixContext, Fixer, GuestEdit } from './fixer.ts';
import { StagedGuest } from './stage.ts';

export const FIXERS: readonly Fixer[] = [];

/** What one fixer wants to change. */
export interface PlannedFix {
  /** Fixer.id. */
  fixer: string;
  title: string;
  edits: GuestEdit[];
  findings: Finding[];
}

/**
 * Plans all fixers that apply, each on the result of those before it. Nothing is written; `context.files` is the guest
 * as it is. Fixers that have neither edits nor findings are left out.
 */
export async function planFixes(
  context: FixContext,
  options: { fixers?: readonly Fixer[]; signal?: AbortSignal } = {},
): Promise<PlannedFix[]> {
  const files = new StagedGuest(context.files);
  const staged: FixContext = { ...context, files };
  const planned: PlannedFix[] = [];
  for (const fixer of options.fixers ?? FIXERS) {
    throwIfCancelled(options.signal);
    if (!fixer.applies(staged)) continue;
    const { edits, findings } = await fixer.plan(staged, options.signal);
    for (const edit of edits) await files.stage(edit.action);
    if (edits.length > 0 || findings.length > 0)
      planned.push({ fixer: fixer.id, title: fixer.title, edits, findings });
  }
  return planned;
}
