/** A machine that a person is about to move, and what the planner says of each host it was held over. */
import type { TriedMoveView } from '../../../migration-core/contract/plan.ts';
import { session } from '../../state/session.svelte.ts';
import { plan as words } from '../../text/plan.ts';

export interface Machine {
  server: number;
  name: string;
  host: string;
  pinned: boolean;
}

export class Moving {
  machine: Machine | null = $state.raw(null);
  /** By host; null: the answer is on its way. */
  tries: Readonly<Record<string, TriedMoveView | null>> = $state.raw({});
  busy = $state(false);

  choose(machine: Machine | null): void {
    this.machine = machine;
    this.tries = {};
  }

  /** Asks once for each host. */
  async try(host: string): Promise<void> {
    const { machine } = this;
    if (machine === null || Object.hasOwn(this.tries, host)) return;
    this.tries = { ...this.tries, [host]: null };
    try {
      const tried = await session.client.call('plan.try', { server: machine.server, host });
      // Another machine may have been taken meanwhile.
      if (this.machine === machine) this.tries = { ...this.tries, [host]: tried };
    } catch (error) {
      session.fail(error);
    }
  }

  /** Keeps it on the host, or lets go of it (null). */
  async pin(host: string | null): Promise<void> {
    const { machine } = this;
    if (machine === null) return;
    this.busy = true;
    try {
      await session.client.call('plan.pin', { server: machine.server, host });
      session.toast(
        host === null ? words.move.unpinned(machine.name) : words.move.pinned(machine.name, host),
        { canUndo: true },
      );
      this.choose(null);
    } catch (error) {
      session.fail(error);
    }
    this.busy = false;
  }

  /** Let go over a host: kept there where it fits, else what stands in the way stays to be read. */
  async drop(host: string): Promise<void> {
    await this.try(host);
    const tried = this.tries[host];
    if (tried?.fits === true && this.machine?.host !== host) await this.pin(host);
  }
}
