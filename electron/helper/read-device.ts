/**
 * Entry of the helper that the system starts with the right to read a disk; see migration-core/source/elevated/serve.ts
 * for what it may do. `--connect PLACE` first: it calls back there, where it has no pipes of its own (Windows, macOS).
 */
import { connect } from 'node:net';
import { serveDevice } from '../../migration-core/source/elevated/serve.ts';
import { giveUpRights } from './rights.ts';

/** What channel.ts of the program makes, and nothing else: with these rights other places would open, too. */
const PLACE = /^(?:\\\\\.\\pipe\\ironlift-ask-[0-9a-f]{32}|\/.{1,200}\/ironlift-ask-\w{6}\/line)$/u;

const rights = { giveUpRights: () => giveUpRights(process, process.env) };
const [first, place, ...rest] = process.argv.slice(2);

// Not awaited at the top: as one program it is a script, not a module.
if (first !== '--connect')
  void serveDevice(process.argv.slice(2), { input: process.stdin, output: process.stdout, ...rights }).then(
    (status) => process.exit(status),
  );
else if (place === undefined || !PLACE.test(place)) process.exit(2);
else {
  const line = connect(place);
  line.once('error', () => process.exit(3));
  void serveDevice(rest, { input: line, output: line, ...rights }).then((status) => {
    // What was said last has to arrive.
    line.once('close', () => process.exit(status));
    line.end();
    line.destroySoon();
  });
}
