/** Every tool of a vendor whose outputs are read, one line each; the first that tells of a controller is believed. */
import type { RaidTool } from './controller.ts';
import { megacli } from './megacli.ts';
import { arcconf, megasasctl, mptStatus, sasIrcu, threeWare } from './others.ts';
import { smartArray } from './smart-array.ts';
import { storcli } from './storcli.ts';

export const raidTools: readonly RaidTool[] = [
  storcli,
  megacli,
  smartArray,
  arcconf,
  threeWare,
  mptStatus,
  sasIrcu,
  megasasctl,
];
