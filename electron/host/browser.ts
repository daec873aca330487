/** Opens the person's browser, where there is one to be seen. */
import { spawn } from 'node:child_process';

/** null: nobody looks at a screen of this computer. */
export function browserCommand(
  platform: string,
  environment: Readonly<Record<string, string | undefined>>,
  url: string,
): readonly [string, ...string[]] | null {
  if (platform === 'win32') return ['rundll32.exe', 'url.dll,FileProtocolHandler', url];
  if (platform === 'darwin') return ['/usr/bin/open', url];
  const screen = environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY'] ?? '';
  return screen === '' ? null : ['xdg-open', url];
}

/** Whether a program was started; whether it shows anything, nobody can tell. */
export function openBrowser(command: readonly [string, ...string[]]): Promise<boolean> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
