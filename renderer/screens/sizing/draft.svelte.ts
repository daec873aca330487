/** A scenario that is being changed: what differs from what is kept and from what the program has. */
import type { Output } from '../../state/types.ts';
import { without } from '../../state/without.ts';

export type Scenario = Output<'scenarios.get'>['scenario'];
type Nested = 'prices' | 'calendar';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export class Draft {
  kept: Scenario = $state.raw(undefined as unknown as Scenario);
  defaults: Scenario = $state.raw(undefined as unknown as Scenario);
  value: Scenario = $state.raw(undefined as unknown as Scenario);

  constructor({ scenario, defaults }: Pick<Output<'scenarios.get'>, 'scenario' | 'defaults'>) {
    this.kept = scenario;
    this.defaults = defaults;
    this.value = scenario;
  }

  /** What was kept meanwhile; edits that were not applied stay on top, field by field. */
  rebase({ scenario, defaults }: Pick<Output<'scenarios.get'>, 'scenario' | 'defaults'>): void {
    const edits = Object.fromEntries(
      Object.entries(this.value).filter(
        ([field, value]) => !same(value, (this.kept as Record<string, unknown>)[field]),
      ),
    );
    this.value = { ...scenario, ...edits };
    this.kept = scenario;
    this.defaults = defaults;
  }

  get dirty(): boolean {
    return !same(this.value, this.kept);
  }

  /** undefined: absent. */
  set<F extends keyof Scenario>(field: F, value: Scenario[F] | undefined): void {
    const others = without(this.value, field);
    this.value = (value === undefined ? others : { ...this.value, [field]: value }) as Scenario;
  }
  setIn<N extends Nested, F extends keyof Scenario[N]>(
    nested: N,
    field: F,
    value: Scenario[N][F] | undefined,
  ): void {
    const others = without(this.value[nested], field);
    const next = value === undefined ? others : { ...this.value[nested], [field]: value };
    this.value = { ...this.value, [nested]: next };
  }

  /** Models to choose from: those of the program, and the scenario's own as they are now. */
  templates(shipped: Scenario['templates']): Scenario['templates'] {
    const own = new Set([...this.value.templates, ...this.kept.templates].map(({ id }) => id));
    return [...shipped.filter(({ id }) => !own.has(id)), ...this.value.templates];
  }

  changed(field: keyof Scenario): boolean {
    return !same(this.value[field], this.defaults[field]);
  }
  changedIn<N extends Nested>(nested: N, field: keyof Scenario[N]): boolean {
    return !same(this.value[nested][field], this.defaults[nested][field]);
  }
  reset(field: keyof Scenario): void {
    this.set(field, this.defaults[field]);
  }
  resetIn<N extends Nested>(nested: N, field: keyof Scenario[N]): void {
    this.setIn(nested, field, this.defaults[nested][field]);
  }
  discard(): void {
    this.value = this.kept;
  }
}
