/** The line of the loopback host in the table of commands; bin/ironlift.js adds it, for the core knows nothing of shells. */
import type { CommandEntry } from '../../migration-core/cli/commands.ts';

export const serveEntry: CommandEntry = {
  name: 'serve',
  summary: 'open the application in a browser of this computer',
  load: async () => (await import('./serve.ts')).serveCommand,
};
