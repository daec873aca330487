/** Servers by the names people give them in a scenario. */
import type { ServerFacts } from '../../assess/model/facts.ts';

export class ServerNames {
  readonly #byName = new Map<string, ServerFacts[]>();

  constructor(servers: readonly ServerFacts[]) {
    for (const server of servers) {
      // A set: name and full name may be the same word.
      for (const name of new Set([server.name, server.identity.name, server.identity.fqdn ?? server.name]))
        this.#add(name.toLowerCase(), server);
    }
  }

  #add(name: string, server: ServerFacts): void {
    const there = this.#byName.get(name);
    if (there === undefined) this.#byName.set(name, [server]);
    else if (!there.includes(server)) there.push(server);
  }

  /** All servers of that name; letter case does not matter. */
  find(name: string): readonly ServerFacts[] {
    return this.#byName.get(name.toLowerCase()) ?? [];
  }

  /** Servers of a list without repetition, and the names nobody has. */
  all(names: readonly string[]): { servers: ServerFacts[]; missing: string[] } {
    const servers = new Set<ServerFacts>();
    const missing: string[] = [];
    for (const name of names) {
      const found = this.find(name);
      if (found.length === 0) missing.push(name);
      for (const server of found) servers.add(server);
    }
    return { servers: [...servers], missing };
  }
}
