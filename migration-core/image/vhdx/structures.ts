/** All structures of a VHDX but the BAT's entries, in the order they depend on each other. */
import { damaged, type ReadFile } from '../read-file.ts';
import { batGeometry, type BatDisk } from './bat.ts';
import { SpaceMap } from './bat-walk.ts';
import { readHeader, readRegions, type Header, type Regions, type Report } from './headers.ts';
import { BAT_ENTRY_BYTES, MIB } from './layout.ts';
import { readLog, type Replay } from './log.ts';
import { readMetadata } from './metadata.ts';
import { patchedFile, patchesOf, type Patches } from './overlay.ts';

export interface Structures extends BatDisk {
  header: Header;
  regions: Regions;
  /** What the log had to say; null where it is empty. */
  replay: (Replay & { patches: Patches }) | null;
}

/**
 * Everything that comes before the first entry of the BAT. `original`: the file as it is.
 * @throws IMAGE_DAMAGED, IMAGE_NOT_SUPPORTED, READ_FAILED
 */
export function readStructures(original: ReadFile, report: Report): Structures {
  const header = readHeader(original, report);
  const log = readLog(original, header);
  const replay = log === null ? null : { ...log, patches: patchesOf(log.writes) };
  // From here on all is read through what the log says (2.3.3).
  const file = replay === null ? original : patchedFile(original, replay.patches, replay.fileSize);
  const regions = readRegions(file, { offset: header.logOffset, length: header.logLength }, report);
  const metadata = readMetadata(file, regions.metadata);
  const geometry = batGeometry(metadata, metadata.parent !== null);
  if (geometry.entries * BAT_ENTRY_BYTES > regions.bat.length)
    throw damaged(file.path, 'its BAT is too short for its disk', { entries: geometry.entries });
  return { file, header, replay, regions, bat: regions.bat, metadata, geometry };
}

/** The room that headers, log and regions take. */
export function structureSpace({ file, header, regions }: Structures): SpaceMap {
  const space = new SpaceMap(file.size);
  space.take({ offset: 0, length: MIB });
  for (const region of regions.all) space.take(region);
  if (header.logLength > 0) space.take({ offset: header.logOffset, length: header.logLength });
  return space;
}
