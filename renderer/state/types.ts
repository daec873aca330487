/** Types of the contract under short names. Types alone: the schemas stay out of the page. */
import type { Capabilities, Settings } from '../../migration-core/contract/app.ts';
import type { Client } from '../../migration-core/contract/client.ts';
import type { Changed, Input, Method, Output } from '../../migration-core/contract/contract.ts';
import type { Engagement, Project, Step } from '../../migration-core/contract/engagement.ts';
import type { FilePurpose, FileRef } from '../../migration-core/contract/files.ts';
import type { Job, JobProgress } from '../../migration-core/contract/jobs.ts';

export type {
  Capabilities,
  Client,
  Engagement,
  FilePurpose,
  FileRef,
  Input,
  Job,
  JobProgress,
  Method,
  Output,
  Project,
  Settings,
  Step,
};
export type About = Output<'app.about'>;
export type ChangedKind = Changed;

/** All of `Changed`; the compiler sees to it that none is missing. */
const kinds: Record<Changed, true> = {
  engagement: true,
  servers: true,
  collections: true,
  scenarios: true,
  assessment: true,
  plan: true,
  waves: true,
  conversions: true,
  reports: true,
  settings: true,
  activity: true,
  jobs: true,
};
export const CHANGED_KINDS = Object.keys(kinds) as Changed[];
