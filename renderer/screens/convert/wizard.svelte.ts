/** The wizard of this tab: what was typed is still there after looking at another screen, and after a reload. */
import { resource, Resource } from '../../state/resource.svelte.ts';
import { session } from '../../state/session.svelte.ts';
import type { Output } from '../../state/types.ts';
import {
  choiceOf,
  freshDraft,
  keyOf,
  plannedTarget,
  rightFor,
  startProblem,
  standardsOf,
  targetOf,
  type Draft,
  type StepId,
} from './draft.ts';

const KEPT = 'ironlift.conversion';

interface Kept {
  draft: Draft;
  step: StepId;
}

/** Files are known to the program for as long as it runs, and storage of a tab lives no longer than its page. */
function kept(): Kept {
  const fresh: Kept = { draft: freshDraft(), step: 'source' };
  try {
    const text = sessionStorage.getItem(KEPT);
    if (text === null) return fresh;
    const found = JSON.parse(text) as Kept;
    return { draft: { ...fresh.draft, ...found.draft }, step: found.step };
  } catch {
    return fresh;
  }
}

const state: Kept = $state(kept());

/** For use in a component's script. */
export class Wizard {
  readonly inspection: Resource<Output<'convert.inspect'>>;
  readonly assessed: Resource<Output<'assessment.server'> | null>;
  readonly scenario: Resource<Output<'scenarios.get'> | null>;
  readonly targets: Resource<Output<'convert.targets'>>;
  readonly preview = new Resource<Output<'convert.preview'>>();
  /** What the preview was asked for. */
  asked: string | null = $state(null);

  /** Disks that a person agreed to have read, in words of rightFor. */
  agreed: string | null = $state(null);
  readonly right = $derived.by(() =>
    rightFor(this.draft.sources, session.about?.capabilities.localDisks ?? 'none'),
  );
  /** Before the system asks, the person is told, and begins it. */
  readonly waitsForRight = $derived.by(() => this.right !== null && this.right !== this.agreed);

  readonly standards = $derived.by(() =>
    standardsOf(
      this.found,
      this.assessed.value,
      plannedTarget(this.scenario.value?.scenario.platform, this.targets.value?.targets ?? []),
    ),
  );
  readonly choice = $derived.by(() => choiceOf(this.draft, this.standards));
  readonly startProblem = $derived.by(() => startProblem(this.choice, this.asked, this.checked));

  constructor() {
    this.targets = resource((signal) => session.client.call('convert.targets', {}, { signal }), []);
    this.scenario = resource(
      async (signal) => {
        if (session.engagement === null) return null;
        const { selected } = await session.client.call('scenarios.list', {}, { signal });
        return session.client.call('scenarios.get', { name: selected }, { signal });
      },
      ['scenarios', 'engagement'],
    );
    this.inspection = resource((signal) => {
      const sources = this.draft.sources.map(({ id }) => id);
      const root = this.draft.root.trim();
      const { allowMounted } = this.draft;
      if (sources.length === 0 || this.waitsForRight) return null;
      return session.client.call(
        'convert.inspect',
        { sources, root: root === '' ? null : root, allowMounted },
        { signal },
      );
    }, []);
    this.assessed = resource(
      (signal) => {
        const { server } = this.draft;
        if (server === null || session.engagement === null) return Promise.resolve(null);
        return session.client.call('assessment.server', { server }, { signal });
      },
      ['assessment', 'scenarios'],
    );
    $effect(() => sessionStorage.setItem(KEPT, JSON.stringify(state)));
    $effect(() => () => this.preview.stop());
  }

  get draft(): Draft {
    return state.draft;
  }
  get step(): StepId {
    return state.step;
  }
  set step(step: StepId) {
    state.step = step;
  }

  /** Of the disks that are chosen now: what was read of others does not count. */
  get found(): Output<'convert.inspect'> | null {
    const { value, error, loading } = this.inspection;
    const isOther = this.draft.sources.length === 0 || this.waitsForRight;
    return isOther || error !== null || loading ? null : value;
  }
  get target(): Output<'convert.targets'>['targets'][number] | null {
    return this.targets.value?.targets.find(({ id }) => id === targetOf(this.draft, this.standards)) ?? null;
  }
  /** Checks as they stand; null: never made, or they failed to run. */
  get checked(): Output<'convert.preview'> | null {
    return this.preview.error !== null || this.preview.loading ? null : this.preview.value;
  }
  /** Checks were made, of something else than what is chosen now. */
  get outdated(): boolean {
    return this.asked !== null && this.choice !== null && this.asked !== keyOf(this.choice);
  }

  check(): void {
    const { choice } = this;
    if (choice === null) return;
    this.asked = keyOf(choice);
    void this.preview.run((signal) => session.client.call('convert.preview', choice, { signal }));
  }

  /** Checks by themselves when the step is entered with something new. */
  checkIfNeeded(): void {
    if (this.choice !== null && this.asked !== keyOf(this.choice)) this.check();
  }

  reset(server: number | null): void {
    state.draft = freshDraft(server);
    state.step = 'source';
    this.asked = null;
    this.agreed = null;
  }
}
