/** What is on the disks of a server, in words and figures. */
import { describeWindows, placeOf } from '../../guest/windows/describe.ts';
import type { InspectionView } from '../../contract/convert.ts';
import { openServer } from '../../convert/server.ts';
import type { Task } from './table.ts';

export interface InspectInput {
  sources: string[];
  root: string | null;
  allowMounted: boolean;
}

export const inspectTask: Task<InspectInput, InspectionView> = {
  async run({ sources, root, allowMounted }, world) {
    const begun = world.now();
    const server = await openServer(sources, {
      now: Math.floor(begun / 1000),
      signal: world.signal,
      onProgress: world.onProgress,
      root,
      allowMounted,
      helper: world.deviceHelper,
    });
    try {
      const guest = server.inspection?.guest ?? null;
      const disks: InspectionView['disks'] = [];
      for (const [index, { source, table }] of server.disks.entries()) {
        const { path, model, serial, size } = source.description;
        disks.push({
          path,
          model,
          serial,
          bytes: size,
          bytesToCopy: (await server.toCopy(index, false, world.signal)).bytes,
          scheme: table.scheme,
          volumes: server.volumes
            .filter(({ info }) => info.disk === index)
            .map(({ info, volume, fileSystem }) => ({
              id: info.id,
              bytes: info.size,
              content: volume.content.description,
              label: info.label,
              usedBytes: fileSystem === null ? null : info.size - fileSystem.freeBytes,
              mountedAt: guest === null ? null : placeOf(guest, info.id),
            })),
        });
      }
      return {
        disks,
        guest:
          guest === null
            ? null
            : {
                hostName: guest.hostName,
                os: guest.os.name,
                isWindows: guest.windows !== undefined,
                architecture: guest.architecture,
                firmware: guest.firmware,
                init: guest.init,
                ...(guest.windows === undefined ? {} : { details: describeWindows(guest.windows) }),
                kernels: guest.kernels.map(({ version, initramfs, isDefault }) => ({
                  version,
                  initramfs,
                  isDefault,
                })),
                interfaces: guest.interfaces.map(({ name, kind, mac, addresses }) => ({
                  name,
                  kind,
                  mac,
                  addresses: [...addresses],
                })),
                agents: guest.agents.map(({ name, vendor, services }) => ({
                  name,
                  vendor,
                  services: [...services],
                })),
              },
        machine:
          server.machine === null
            ? null
            : {
                name: server.machine.name,
                platform: server.machine.platform,
                cpus: server.machine.cpus,
                memoryMiB: server.machine.memoryMiB,
              },
        findings: server.findings,
        convertible: !server.findings.some(({ severity }) => severity === 'blocker'),
        seconds: (world.now() - begun) / 1000,
      };
    } finally {
      await server.close();
    }
  },
};
