/** Drivers, devices and software that hang on the present hardware: what a conversion has to deal with. */
import { plural } from '../../base/text.ts';
import type { Section } from '../model.ts';
import { column, SERVER, tableOf, TECHNICAL, type Chapter } from './section.ts';

/** A driver list of a Windows server has hundreds of lines that every server has: only what starts with the system counts. */
const isBootCritical = ({
  bootCritical,
  startType,
}: {
  bootCritical?: boolean | undefined;
  startType?: string | undefined;
}): boolean => bootCritical === true || startType === 'boot';

export const hardware: Chapter = ({ study }): Section => {
  const known = study.facts.filter(({ inventory }) => inventory !== null);
  return {
    id: 'hardware',
    title: 'Drivers and hardware dependencies',
    audiences: TECHNICAL,
    lead: `What ${plural(known.length, 'server')} need of their present hardware, and what of it a virtual machine does not have.`,
    blocks: [
      tableOf({
        id: 'storage',
        title: 'Controllers, adapters and cards',
        columns: [
          SERVER,
          column('kind', 'Kind', 'text'),
          column('name', 'Device', 'text', { width: 4 }),
          column('driver', 'Driver', 'text'),
          column('address', 'Place', 'text', { secret: 'address' }),
        ],
        rows: known.flatMap(({ name, inventory }) => [
          ...(inventory!.raidControllers ?? []).map(({ name: controller, driver, address }) => [
            name,
            'RAID',
            controller,
            driver ?? null,
            address ?? null,
          ]),
          ...(inventory!.hostBusAdapters ?? []).map(({ name: adapter, driver }) => [
            name,
            'Fibre Channel or iSCSI',
            adapter,
            driver ?? null,
            null,
          ]),
          ...(inventory!.networkInterfaces ?? [])
            .filter(({ kind }) => kind === 'physical')
            .map(({ name: card, driver, mac }) => [name, 'network card', card, driver ?? null, mac ?? null]),
        ]),
        empty: 'No controllers or cards were listed.',
      }),
      tableOf({
        id: 'boot-drivers',
        title: 'Drivers that start with the system',
        columns: [
          SERVER,
          column('driver', 'Driver', 'text', { width: 2 }),
          column('version', 'Version', 'text'),
          column('vendor', 'Vendor', 'text', { width: 2 }),
        ],
        rows: known.flatMap(({ name, inventory }) =>
          (inventory!.drivers ?? [])
            .filter(isBootCritical)
            .map(({ name: driver, version, vendor }) => [name, driver, version ?? null, vendor ?? null]),
        ),
        empty: 'No list of drivers was collected.',
        paperRows: 200,
      }),
    ],
    sections: [],
  };
};
