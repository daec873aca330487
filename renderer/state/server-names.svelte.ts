/** Names of all servers, for Ctrl-K and for choosing one. Asked for when needed first, and again after changes. */
import { session } from './session.svelte.ts';

class ServerNames {
  names: readonly { id: number; name: string }[] = $state.raw([]);
  #of = '';

  async load(): Promise<void> {
    if (session.engagement === null) {
      this.names = [];
      return;
    }
    const of = `${session.engagement.file.path} ${session.version('servers')}`;
    if (of === this.#of) return;
    try {
      this.names = (await session.client.call('servers.names', {})).servers;
      this.#of = of;
    } catch (error) {
      session.fail(error);
    }
  }
}

export const serverNames = new ServerNames();
