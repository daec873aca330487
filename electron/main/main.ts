/** Entry of Electron's main process. */
import electron from 'electron';
import { helperProgram, iconFile, pageFolder, preloadFile, taskProgram } from '../places.ts';
import { startDesktop } from './desktop.ts';

startDesktop(electron, process, {
  page: pageFolder(),
  preload: preloadFile(),
  icon: iconFile(),
  taskProgram: taskProgram(),
  helperProgram: helperProgram(),
}).catch((error: unknown) => {
  electron.dialog.showErrorBox(
    'Ironlift could not start',
    error instanceof Error ? error.message : String(error),
  );
  electron.app.exit(1);
});
