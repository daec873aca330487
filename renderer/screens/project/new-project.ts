/** What a new engagement is made of, and making it. */
import type { SessionState } from '../../state/session.svelte.ts';
import type { Output, Project, Settings } from '../../state/types.ts';

export interface NewProject {
  name: string;
  utcOffsetMinutes: number;
  project: Project;
  /** null: as the program has it. */
  platform: string | null;
  template: string | null;
  profile: 'conservative' | 'balanced' | 'aggressive' | null;
}

/** @param utcOffsetMinutes of this computer: most sites are where the consultant is */
export function freshProject(settings: Settings, utcOffsetMinutes: number): NewProject {
  return {
    name: '',
    utcOffsetMinutes,
    project: {
      customer: '',
      consultant: settings.consultant,
      company: settings.company,
      driver: 'cost',
      currency: 'EUR',
      locale: null,
      notes: '',
      collectDays: 30,
    },
    platform: null,
    template: null,
    profile: null,
  };
}

/** Makes the engagement, opens it, and writes into its first scenario what is not as the program has it. */
export async function createProject(
  session: SessionState,
  file: string,
  made: NewProject,
  defaults: Output<'project.choices'>['defaults'] | null,
): Promise<void> {
  const { client } = session;
  session.engagement = await client.call('engagement.create', {
    file,
    name: made.name.trim(),
    utcOffsetMinutes: made.utcOffsetMinutes,
    project: made.project,
  });
  const platform = made.platform ?? defaults?.platform;
  const template = made.template ?? defaults?.template;
  const profile = made.profile ?? defaults?.profile;
  if (platform === defaults?.platform && template === defaults?.template && profile === defaults?.profile)
    return;
  const { scenario } = await client.call('scenarios.get', { name: session.engagement.scenario });
  await client.call('scenarios.save', {
    scenario: {
      ...scenario,
      ...(platform === undefined ? {} : { platform }),
      ...(template === undefined ? {} : { template }),
      ...(profile === undefined ? {} : { profile }),
    },
  });
}
