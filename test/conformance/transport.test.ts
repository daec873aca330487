import { openDirect } from './direct.ts';
import { openIpcPair } from './ipc-pair.ts';
import { openLoopback } from './loopback.ts';
import { transportConformance } from './transport.ts';

transportConformance('direct dispatch', openDirect, { breaks: true });
transportConformance('the pair of Electron IPC (fake, with structured clone)', openIpcPair, {
  breaks: false,
});
transportConformance('the loopback host', openLoopback, { breaks: true });
