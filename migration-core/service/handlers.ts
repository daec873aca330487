/** Who answers which call. A call without a handler is an error of the compiler. */
import type { Handlers } from '../contract/dispatch.ts';
import type { Desks } from './create-session.ts';
import { activityHandlers } from './handlers/activity.ts';
import { appHandlers } from './handlers/app.ts';
import { convertHandlers } from './handlers/convert.ts';
import { engagementHandlers } from './handlers/engagement.ts';
import { fileHandlers } from './handlers/files.ts';
import { imageHandlers } from './handlers/images.ts';
import { collectionHandlers } from './handlers/collection.ts';
import { assessmentHandlers } from './handlers/assessment.ts';
import { jobHandlers } from './handlers/jobs.ts';
import { planHandlers } from './handlers/plan.ts';
import { reportHandlers } from './handlers/reports.ts';
import { ruleHandlers } from './handlers/rules.ts';
import { scenarioHandlers } from './handlers/scenarios.ts';
import { waveHandlers } from './handlers/waves.ts';
import { projectHandlers } from './handlers/project.ts';
import { serverHandlers } from './handlers/servers.ts';

/** Areas of this room's own things get the desks; all others `desks.session` alone. */
export const makeHandlers = (desks: Desks): Handlers => ({
  ...appHandlers(desks),
  ...fileHandlers(desks),
  ...engagementHandlers(desks),
  ...jobHandlers(desks),
  ...activityHandlers(desks),
  ...convertHandlers(desks.session),
  ...imageHandlers(desks.session),
  ...scenarioHandlers(desks.session),
  ...ruleHandlers(desks.session),
  ...assessmentHandlers(desks.session),
  ...planHandlers(desks.session),
  ...waveHandlers(desks.session),
  ...projectHandlers(),
  ...serverHandlers(desks.session),
  ...collectionHandlers(desks.session),
  ...reportHandlers(desks.session),
});
