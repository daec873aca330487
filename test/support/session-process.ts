/** `node test/support/session-process.ts DATA FILE`: a program with one job that writes to FILE, to be killed. */
import { resolve } from 'node:path';
import { createSession } from '../../migration-core/service/create-session.ts';
import { nodeShell } from '../../migration-core/service/node-shell.ts';
import type { StartJob } from '../../migration-core/service/session.ts';
import type { TaskName } from '../../migration-core/service/tasks/table.ts';

const [dataFolder, file] = process.argv.slice(2) as [string, string];
const { session } = await createSession(
  nodeShell({
    version: '0.0.0-test',
    dataFolder,
    homeFolder: dataFolder,
    taskProgram: resolve(import.meta.dirname, 'test-tasks.ts'),
  }),
);
const start = (title: string, more: object): void => {
  session.jobs.start({
    kind: 'convert',
    title,
    task: 'test-steps',
    input: { count: 100_000, file },
    writes: 'none',
    canPause: true,
    resume: { task: 'test-steps', input: { count: 20, from: 10 } },
    ...more,
  } as unknown as StartJob<TaskName>);
};
start('Convert web01', {});
start('Log in', { task: 'test-deaf', input: { password: 'hunter2' }, holdsSecrets: true });
console.log('started');
setInterval(() => undefined, 1000);
