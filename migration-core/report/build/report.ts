/** The chapters in their order, those that were asked for, about the servers that were asked for. */
import { createHash, type Hash } from 'node:crypto';
import type { ReportInput, ReportOptions } from '../input.ts';
import type { Report, Section } from '../model.ts';
import { candidates } from './candidates.ts';
import { conversions } from './conversions.ts';
import { estate } from './estate.ts';
import { EXECUTIVE_CHAPTERS } from './executive.ts';
import { glossary } from './glossary.ts';
import { hardware } from './hardware.ts';
import { method } from './method.ts';
import { plan } from './plan.ts';
import { savings } from './savings.ts';
import type { Chapter } from './section.ts';
import { servers } from './servers.ts';
import { keyFigures, summary } from './summary.ts';
import { waves } from './waves.ts';

/** A new chapter is one file and one line here. */
const CHAPTERS: readonly Chapter[] = [
  summary,
  method,
  estate,
  candidates,
  plan,
  waves,
  savings,
  hardware,
  conversions,
  servers,
  glossary,
];

export function buildReport(whole: ReportInput, options: ReportOptions): Report {
  const input = scoped(whole, options);
  const chapters = options.audience === 'executive' ? EXECUTIVE_CHAPTERS : CHAPTERS;
  const sections = chapters
    .flatMap((chapter) => chapter(input) ?? [])
    .flatMap((section) => wanted(section, options));
  const times = input.summaries.filter(
    ({ firstSample, lastSample }) => firstSample !== null && lastSample !== null,
  );
  const { about, study } = input;
  return {
    meta: {
      title:
        options.title ??
        (about.customer === ''
          ? 'Virtualization assessment'
          : `Virtualization assessment for ${about.customer}`),
      customer: about.customer,
      consultant: about.consultant,
      company: about.company,
      driver: about.driver,
      createdAt: input.createdAt,
      period:
        times.length === 0
          ? null
          : {
              from: Math.min(...times.map(({ firstSample }) => firstSample!)),
              to: Math.max(...times.map(({ lastSample }) => lastSample!)),
            },
      utcOffsetMinutes: about.utcOffsetMinutes,
      // That of the prices, as everywhere: what is entered in dollars is no amount of euros.
      currency: study.scenario.prices.currency ?? about.currency,
      scenario: study.scenario.title ?? study.scenario.name,
      rules: study.estate.rules,
      program: input.program,
      draft: options.draft,
      confidentiality: options.confidentiality,
      inputs: digest(input),
    },
    figures: keyFigures(input),
    sections,
  };
}

/** A section without what its audience is not for; gone when nothing of it is asked for. */
function wanted(section: Section, options: ReportOptions): Section[] {
  const asked = options.sections === null || options.sections.includes(section.id);
  const sections = section.sections.flatMap((one) =>
    // Who asks for a chapter gets what is in it.
    wanted(one, asked ? { ...options, sections: null } : options),
  );
  const isFor = section.audiences.includes(options.audience);
  if (isFor && asked) return [{ ...section, sections }];
  return isFor && sections.length > 0 ? [{ ...section, blocks: [], sections }] : [];
}

/** Only these servers in every list of servers; plan and waves stay whole, for they are of all. */
function scoped(input: ReportInput, { audience, owner, servers: names }: ReportOptions): ReportInput {
  const ofOwner = audience === 'owner' && owner !== null ? owner : null;
  if (ofOwner === null && names === null) return input;
  const { study, waves: planned } = input;
  const ids = new Set(
    study.facts
      .filter(
        ({ name, annotations }) =>
          (ofOwner === null || annotations.owner === ofOwner) && (names === null || names.includes(name)),
      )
      .map(({ id }) => id),
  );
  const has = ({ server }: { server: number }): boolean => ids.has(server);
  return {
    ...input,
    study: {
      ...study,
      facts: study.facts.filter(({ id }) => ids.has(id)),
      estate: {
        ...study.estate,
        assessments: study.estate.assessments.filter(has),
        groups: study.estate.groups.filter(({ members }) => members.some((id) => ids.has(id))),
      },
      plan: {
        ...study.plan,
        hosts: study.plan.hosts.map((host) => ({ ...host, servers: host.servers.filter(has) })),
        unplaced: study.plan.unplaced.filter(has),
        elsewhere: study.plan.elsewhere.filter(has),
        backup: { ...study.plan.backup, runs: study.plan.backup.runs.filter(has) },
      },
    },
    waves: {
      ...planned,
      waves: planned.waves
        .map((wave) => ({ ...wave, members: wave.members.filter(has) }))
        .filter(({ members }) => members.length > 0),
      outside: planned.outside.filter(has),
    },
    summaries: input.summaries.filter(({ id }) => ids.has(id)),
    conversions: input.conversions.filter(({ server }) => server === null || ids.has(server)),
  };
}

/** What was decided from what: two reports of one digest say the same. */
function digest({ study, waves: planned, conversions: records, about }: ReportInput): string {
  const { scenario, estate: assessed, plan: made, savings: saved } = study;
  const hash = createHash('sha256');
  feed(hash, [scenario, assessed, made, saved, planned, records, about], PIECES);
  return hash.digest('hex');
}

/** Levels that are taken apart: servers of an estate and hosts of a plan, each by itself. */
const PIECES = 5;

/** The text of JSON.stringify piece by piece: of a large estate, the whole of it would be a hundred megabytes at once. */
function feed(hash: Hash, value: unknown, levels: number): void {
  if (levels === 0 || typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    hash.update(value === undefined || typeof value === 'function' ? 'null' : JSON.stringify(value));
    return;
  }
  let comma = '';
  if (Array.isArray(value)) {
    hash.update('[');
    for (const one of value as unknown[]) {
      hash.update(comma);
      feed(hash, one, levels - 1);
      comma = ',';
    }
    hash.update(']');
    return;
  }
  hash.update('{');
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined || typeof one === 'function') continue;
    hash.update(`${comma}${JSON.stringify(key)}:`);
    feed(hash, one, levels - 1);
    comma = ',';
  }
  hash.update('}');
}
