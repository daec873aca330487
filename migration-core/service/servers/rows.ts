/** Lines of the list of servers. */
import type { ServerRow } from '../../contract/servers.ts';
import type { EngagementFile, ServerSummary } from '../../store/engagement.ts';
import type { ServerAnnotations } from '../../store/model/annotations.ts';

export const serverRows = (engagement: EngagementFile): ServerRow[] =>
  engagement.servers().map((server) => rowOf(server, engagement.annotations(server.id)));

export function rowOf(server: ServerSummary, annotations: ServerAnnotations): ServerRow {
  const { id, identity, vendor, model, operatingSystem, cores, memoryBytes, diskBytes, rollup } = server;
  return {
    ...{ id, name: identity.name, vendor, model, operatingSystem, cores, memoryBytes, diskBytes },
    firstSample: server.firstSample,
    lastSample: server.lastSample,
    days: rollup?.days ?? 0,
    coverage: rollup?.coverage ?? null,
    cpuMean: rollup?.cpuMean ?? null,
    cpuP95: rollup?.cpuP95 ?? null,
    memoryUsedP95: rollup?.memoryUsedP95 ?? null,
    diskOperationsP95: rollup?.diskOperationsP95 ?? null,
    networkBytesP95: rollup?.networkBytesP95 ?? null,
    criticality: annotations.criticality ?? null,
    environment: annotations.environment ?? null,
    owner: annotations.owner ?? null,
    site: annotations.site ?? null,
    zone: annotations.zone ?? null,
    applications: annotations.applications ?? [],
    tags: annotations.tags ?? [],
    dependsOn: annotations.dependsOn ?? [],
  };
}
