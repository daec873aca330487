/** Plans as a screen shows them. */
import { RESOURCES, SLOT_MINUTES, type ResourceName, type WeekShape } from '../../assess/model/demand.ts';
import type { HostView, PlanView } from '../../contract/plan.ts';
import type { WhatIfView } from '../../contract/study.ts';
import { slotText } from '../../plan/build/units.ts';
import type { PlanDocument } from '../../plan/model/plan-document.ts';
import { hourStrips, HOURS, type OpenedPlan } from '../../plan/opened-plan.ts';
import { savingsOf, type AssessedStudy, type StudyOptions } from '../../plan/study.ts';
import type { WhatIf } from '../../plan/what-if.ts';

/** A person reads some, not ten thousand. */
const SHOWN_CHANGES = 500;

export const whatIfView = ({
  summary,
  changes,
  overrides,
}: Omit<WhatIf, 'changes'> & {
  changes: Omit<WhatIf['changes'][number], 'rules'>[];
}): WhatIfView => ({
  summary,
  changes: changes
    .slice(0, SHOWN_CHANGES)
    .map(({ server, name, what, before, after, why }) => ({ server, name, what, before, after, why })),
  more: Math.max(0, changes.length - SHOWN_CHANGES),
  overrides: overrides.slice(0, SHOWN_CHANGES),
});

export function planView(
  document: PlanDocument,
  study: AssessedStudy,
  opened: OpenedPlan,
  stale: readonly string[],
  options: StudyOptions,
): PlanView {
  const { plan, madeAt, effort, changed } = document;
  const { scenario, context, templates, facts } = study;
  const moved = new Set(plan.hosts.flatMap(({ servers }) => servers.map(({ server }) => server)));
  const old = facts.filter(({ id }) => moved.has(id));
  const hosts = plan.hosts.map((host): HostView => {
    const template = templates.get(host.template);
    const open = opened.hosts.find(({ name }) => name === host.name);
    const strips = open === undefined ? null : hourStrips(opened, open);
    return {
      ...host,
      templateName: template?.name ?? host.template,
      rackUnits: template?.rackUnits ?? 0,
      cores: template?.cores ?? 0,
      memoryBytes: template?.memoryBytes ?? 0,
      when: whenOf(host, context.profile.shape),
      strips: RESOURCES.map((resource) => ({
        resource,
        hours: strips?.[resource] ?? new Array<number>(HOURS).fill(0),
        ceiling: host.use[resource].ceiling,
      })),
      pinned: host.servers
        .filter(({ name }) =>
          scenario.pinned.some(
            (pin) => pin.host === host.name && pin.server.toLowerCase() === name.toLowerCase(),
          ),
        )
        .map(({ name }) => name),
    };
  });
  return {
    ...plan,
    madeAt,
    effort,
    profile: scenario.profile,
    hosts,
    // By the prices as they are now.
    savings: savingsOf(study, plan, options),
    stale: [
      ...stale,
      ...(opened.gone.length === 0
        ? []
        : [
            `The plan names servers or hosts that are no longer placed: ${opened.gone.slice(0, 8).join(', ')}.`,
          ]),
    ],
    changed:
      changed === null
        ? null
        : whatIfView({
            summary: changed.summary,
            overrides: [],
            changes: changed.changes.map((one) => ({ ...one, what: kindOfChange(one.what) })),
          }),
    before: {
      servers: old.length,
      // What nobody said is left away, not guessed.
      rackUnits: old.reduce((sum, { annotations }) => sum + (annotations.rackUnits ?? 0), 0),
    },
    after: {
      hosts: plan.hosts.length,
      rackUnits: hosts.reduce((sum, { rackUnits }) => sum + rackUnits, 0),
    },
  };
}

const kindOfChange = (what: string): 'verdict' | 'size' | 'host' | 'list' =>
  what === 'verdict' || what === 'size' || what === 'host' ? what : 'list';

function whenOf({ binding, use }: PlanDocument['plan']['hosts'][number], shape: WeekShape): string | null {
  if (!(RESOURCES as readonly string[]).includes(binding)) return null;
  const { slot } = use[binding as ResourceName];
  return Number.isInteger(slot * SLOT_MINUTES[shape]) ? slotText(slot, shape) : null;
}
