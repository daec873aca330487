import type { Handlers } from '../../contract/dispatch.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Desks } from '../create-session.ts';

export function appHandlers({
  session,
  saveSettings,
}: Desks): Pick<Handlers, 'app.about' | 'app.settings' | 'app.saveSettings'> {
  const { shell } = session;
  return {
    'app.about': () => ({
      version: shell.version,
      platform: shell.platform,
      capabilities: shell.capabilities,
      offline: true,
    }),
    'app.settings': () => session.settings(),
    'app.saveSettings': (settings) => {
      try {
        saveSettings(settings);
      } catch (error) {
        throw new IronliftError('WRITE_FAILED', 'The settings could not be kept.', {
          next: 'Make room on the disk of your own files, and see that the program may write there.',
          data: { folder: shell.dataFolder },
          cause: error,
        });
      }
      session.changed('settings');
      return session.settings();
    },
  };
}
