/** Entry of the helper that pkexec or sudo starts as root; see migration-core/source/elevated/serve.ts for what it may do. */
import { serveDevice } from '../../migration-core/source/elevated/serve.ts';
import { giveUpRights } from './rights.ts';

const status = await serveDevice(process.argv.slice(2), {
  input: process.stdin,
  output: process.stdout,
  giveUpRights: () => giveUpRights(process, process.env),
});
process.exit(status);
