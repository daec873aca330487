/**
 * The program of a task process. Its session is at the other end of `process.parentPort` where Electron started it
 * (utilityProcess: the message is in `data`), and of Node's IPC channel where a fork did.
 */
import { portOf } from './port.ts';
import { serveTasks } from './serve.ts';
import { tasks, workers } from './table.ts';

// A person who presses Ctrl-C in the terminal of the program means the program, which then tells its processes.
process.on('SIGINT', () => undefined);
serveTasks(portOf(process), { tasks, workers });
