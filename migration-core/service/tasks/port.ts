/** The line of a task process to its session, under Electron and under Node. */
import type { Port } from './serve.ts';

/** What Electron adds to `process` in its utility processes. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

export function portOf(world: NodeJS.Process & { parentPort?: ParentPort }): Port {
  const { parentPort } = world;
  const exit = (code: number): void => world.exit(code);
  const onFault = (listener: (error: unknown) => void): void => {
    // A rejection that nobody handles arrives here, too.
    world.on('uncaughtException', listener);
  };
  if (parentPort !== undefined)
    return {
      send: (message) => parentPort.postMessage(message),
      onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data)),
      // Chromium ends its utility processes itself.
      onGone: () => undefined,
      onFault,
      exit,
    };
  return {
    send: (message) => {
      // After the session is gone there is nobody to be told, and that is known by `disconnect`.
      if (world.connected) world.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage: (listener) => world.on('message', listener),
    onGone: (listener) => world.on('disconnect', listener),
    onFault,
    exit,
  };
}
