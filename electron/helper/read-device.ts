/** Entry of the helper that pkexec or sudo starts as root; see migration-core/source/elevated/serve.ts for what it may do. */
import { serveDevice } from '../../migration-core/source/elevated/serve.ts';
import { giveUpRights } from './rights.ts';

// Not awaited at the top: as one program it is a script, not a module.
void serveDevice(process.argv.slice(2), {
  input: process.stdin,
  output: process.stdout,
  giveUpRights: () => giveUpRights(process, process.env),
}).then((status) => process.exit(status));
