/** Numbers of the backup plan. Values and sources are in resources/rules. */
import { z } from 'zod';
import { rule } from '../../assess/rules/pack.ts';

const minute = z.number().int().min(0).max(1440);
const overhead = z.number().min(0).max(1);

export const BACKUP = {
  maxConcurrent: rule('backup.maxConcurrent', 'Backups at once on one host', '', z.number().int().positive()),
  ioOverheadEmulated: rule(
    'backup.ioOverheadEmulated',
    'Longer backups through emulated devices',
    '',
    overhead,
  ),
  ioOverheadParavirtual: rule(
    'backup.ioOverheadParavirtual',
    'Longer backups through paravirtual drivers',
    '',
    overhead,
  ),
  windowStart: rule('backup.windowStart', 'Backups may start', 'min after midnight', minute),
  windowEnd: rule('backup.windowEnd', 'Backups end', 'min after midnight', minute),
  step: rule('backup.step', 'Steps backups are moved by', 'min', z.number().int().min(5).max(240)),
  assumedRate: rule(
    'backup.assumedRate',
    'Rate of a backup that was never seen',
    'bytes/s',
    z.number().positive(),
  ),
  agentRoles: rule(
    'backup.agentRoles',
    'Roles saved by an agent inside the machine',
    '',
    z.array(z.string()).min(1),
  ),
} as const;
