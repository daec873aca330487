/** Host templates that came with the program (resources/hosts/*.json), and what a new host must be. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { RuleBook } from '../../assess/rules/pack.ts';
import { IronliftError } from '../../base/errors.ts';
import type { Finding } from '../../base/finding.ts';
import { plural } from '../../base/text.ts';
import { hostTemplate, type HostTemplate } from '../../assess/model/host.ts';
import { type Scenario } from '../model/scenario.ts';
import { PLACE } from '../rules/place.ts';
import { board, card, portsOf } from './slots.ts';

/** In a file, ports may be told by board and cards instead. */
const templateFile = z.looseObject({
  board: board.optional(),
  cards: z.array(card).max(16).default([]),
});

/** @throws SCENARIO_INVALID */
export function parseHostTemplate(text: string, from: string): HostTemplate {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid(`The host template ${from} is not JSON.`);
  }
  const outer = templateFile.safeParse(json);
  if (!outer.success)
    throw invalid(`The host template ${from} is not valid: ${z.prettifyError(outer.error)}`);
  const { board: main, cards, ...rest } = outer.data;
  const ports = main === undefined ? null : portsOf(main, cards);
  if (ports !== null && ports.freeSlots < 0)
    throw invalid(`The host template ${from} has ${-ports.freeSlots} more cards than slots.`);
  const parsed = hostTemplate.safeParse({ ...rest, ...ports });
  if (!parsed.success)
    throw invalid(`The host template ${from} is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

const SHIPPED = fileURLToPath(new URL('../../../resources/hosts/', import.meta.url));

/** By id. */
export function shippedHostTemplates(): Map<string, HostTemplate> {
  const all = readdirSync(SHIPPED)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => parseHostTemplate(readFileSync(join(SHIPPED, name), 'utf8'), name));
  return new Map(all.map((template) => [template.id, template]));
}

/** Those of the scenario come before those of the program. */
export function templatesOf(
  scenario: Scenario,
  shipped: ReadonlyMap<string, HostTemplate>,
): Map<string, HostTemplate> {
  return new Map([...shipped, ...scenario.templates.map((template) => [template.id, template] as const)]);
}

/** What speaks against a host that is to be bought (SR-06, SR-27). A blocker: it may not be planned with. */
export function checkHostTemplate(template: HostTemplate, rules: RuleBook): Finding[] {
  const findings: Finding[] = [];
  const of = `The host template ${template.name}`;
  if (!template.x64)
    findings.push({
      severity: 'blocker',
      code: 'HOST_NOT_X64',
      message: `${of} is not a 64-bit x86 host.`,
      next: 'Choose a host with x86-64 processors.',
    });
  if (!template.hardwareVirtualization)
    findings.push({
      severity: 'blocker',
      code: 'HOST_WITHOUT_VIRTUALIZATION',
      message: `${of} has neither VT-x nor AMD-V, or they are switched off in its firmware.`,
      next: 'Switch hardware virtualization on in the firmware, or choose a host that has it.',
    });
  if (!template.nestedPaging)
    findings.push({
      severity: 'warning',
      code: 'HOST_WITHOUT_NESTED_PAGING',
      message: `${of} has neither EPT nor NPT, so that memory management of the guests costs processor time.`,
      next: 'Prefer a host with nested paging.',
    });
  const paths = (count: number, least: number, one: string, many: string): void => {
    if (count < least)
      findings.push({
        severity: 'warning',
        code: 'HOST_NOT_REDUNDANT',
        message: `${of} has ${plural(count, one, many)}; redundancy takes ${least}.`,
        next: `Plan it with ${least} or more.`,
      });
  };
  paths(template.nicPorts, rules.value(PLACE.minimumNicPorts), 'network port', 'network ports');
  if (template.storage === 'shared')
    paths(template.hbaPorts, rules.value(PLACE.minimumStoragePaths), 'storage port', 'storage ports');
  paths(template.powerSupplies, rules.value(PLACE.minimumPowerSupplies), 'power supply', 'power supplies');
  return findings;
}

const invalid = (message: string): IronliftError =>
  new IronliftError('SCENARIO_INVALID', message, {
    next: 'Choose one of the host templates that came with the program, or mend this one.',
  });
