/** storcli and perccli of Broadcom and Dell, JSON: `/call show all J`, `/call/eall/sall show all J`. */
import { z } from 'zod';
import type { RaidController } from '../../../store/model/inventory.ts';
import { known, usable } from '../text.ts';
import {
  exactSize,
  MAX_CONTROLLERS,
  MAX_DISKS,
  sizeOf,
  textsOf,
  type MemberDisk,
  type RaidTool,
} from './controller.ts';

export const storcli: RaidTool = {
  id: 'storcli',
  drivers: ['megaraid_sas', 'mpi3mr', 'mpt3sas'],
  read: (sections) => {
    // Several of its names may be installed, one program behind all: the first that answers.
    const main = textsOf(sections, /^storcli:/u)
      .map(parseStorcli)
      .find((found) => found.length > 0);
    if (main === undefined) return [];
    const details = textsOf(sections, /^storcli-disks:/u)
      .map(parseDiskDetails)
      .find((found) => found.size > 0);
    return main.map(({ index, controller }) => ({
      ...controller,
      ...(controller.physicalDisks === undefined
        ? {}
        : {
            physicalDisks: controller.physicalDisks.map((disk) => ({
              ...disk,
              ...details?.get(`${index}/${disk.slot ?? ''}`),
            })),
          }),
    }));
  },
};

const record = z.record(z.string(), z.unknown());
const output = z.object({
  Controllers: z.array(z.object({ 'Command Status': record.optional(), 'Response Data': record.optional() })),
});

const rows = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value)
    ? value.slice(0, MAX_DISKS).filter((row): row is Record<string, unknown> => record.safeParse(row).success)
    : [];

const word = (value: unknown): string | undefined =>
  typeof value === 'string' ? usable(value) : typeof value === 'number' ? String(value) : undefined;

const part = (data: Record<string, unknown>, name: string): Record<string, unknown> =>
  record.safeParse(data[name]).data ?? {};

function controllersOf(text: string): { index: string; data: Record<string, unknown> }[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // Not there, or of a version that prints an error as text.
    return [];
  }
  const parsed = output.safeParse(content);
  return (parsed.data?.Controllers ?? []).slice(0, MAX_CONTROLLERS).map((each, position) => ({
    index: word(each['Command Status']?.['Controller']) ?? String(position),
    data: each['Response Data'] ?? {},
  }));
}

export function parseStorcli(text: string): { index: string; controller: RaidController }[] {
  return controllersOf(text)
    .filter(({ data }) => 'Basics' in data || 'PD LIST' in data)
    .map(({ index, data }) => {
      const [basics, version] = [part(data, 'Basics'), part(data, 'Version')];
      return {
        index,
        controller: known<RaidController>({
          name: word(basics['Model']) ?? word(data['Product Name']) ?? 'MegaRAID controller',
          address: pciAddress(word(basics['PCI Address']) ?? word(data['PCI Address'])),
          driver: word(version['Driver Name']) ?? word(data['Driver Name']),
          firmware: word(version['Firmware Package Build']) ?? word(data['FW Package Build']),
          logicalDisks: ('VD LIST' in data || 'PD LIST' in data ? rows(data['VD LIST']) : undefined)?.map(
            (row) =>
              known({
                name: word(row['Name']) ?? word(row['DG/VD']) ?? 'volume',
                level: word(row['TYPE'])?.replace(/^RAID(?=\d)/u, 'RAID '),
                bytes: sizeOf(word(row['Size']), 1024),
                state: word(row['State']),
              }),
          ),
          physicalDisks: ('PD LIST' in data ? rows(data['PD LIST']) : undefined)?.map((row) =>
            known<MemberDisk>({
              slot: word(row['EID:Slt'])?.replace(/^\s+/u, ''),
              model: word(row['Model']),
              bytes: sizeOf(word(row['Size']), 1024),
              state: word(row['State']),
            }),
          ),
        }),
      };
    });
}

/** `00:03:00:00`: domain, bus, device, function. */
function pciAddress(text: string | undefined): string | undefined {
  const match = /^([0-9a-f]{1,4}):([0-9a-f]{2}):([0-9a-f]{2}):0?([0-7])$/iu.exec(text ?? '');
  if (match === null) return undefined;
  return `${match[1]!.padStart(4, '0')}:${match[2]!}:${match[3]!}.${match[4]!}`.toLowerCase();
}

/** Serial numbers and exact sizes: `Drive /c0/e32/s0 - Detailed Information`, in it `... Device attributes`. */
function parseDiskDetails(text: string): Map<string, Partial<MemberDisk>> {
  const details = new Map<string, Partial<MemberDisk>>();
  for (const { index, data } of controllersOf(text))
    for (const [title, value] of Object.entries(data).slice(0, 3 * MAX_DISKS)) {
      const drive = /^Drive \/c\d+(?:\/e(\d+))?\/s(\d+) - Detailed Information$/u.exec(title);
      const information = record.safeParse(value).data;
      if (drive === null || information === undefined) continue;
      const attributes = Object.entries(information).find(([name]) =>
        name.endsWith('Device attributes'),
      )?.[1];
      const of = record.safeParse(attributes).data;
      if (of === undefined) continue;
      details.set(
        `${index}/${drive[1] ?? ' '}:${drive[2]!}`,
        known({ serial: word(of['SN']), bytes: exactSize(word(of['Raw size'])) }),
      );
    }
  return details;
}
