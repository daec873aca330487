/** Vendors' software in what was collected from a running Windows: by names of services and by the list of programs. */
import {
  isKnownService,
  knownServices,
  windowsCatalogue,
  type WindowsAgent,
} from '../../guest/windows/services/catalogue.ts';

/** What the inventory shows. Parts of Windows itself, which are there without a hypervisor, are not looked for. */
export const collectedAgents = (): WindowsAgent[] =>
  windowsCatalogue().entries.filter(({ unless }) => unless !== 'part-of-windows');

/** Whether one of the services is the agent's. Paths are not collected: names that need a proof are proved by the title. */
export const hasServiceOf = (
  agent: WindowsAgent,
  services: readonly { name: string; title?: string | undefined }[],
): boolean =>
  knownServices(agent).some((known) =>
    services.some(({ name, title }) => isKnownService(known, name, [title ?? ''])),
  );
