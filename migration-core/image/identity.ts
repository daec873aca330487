/** UUIDs of new images: random by their looks (RFC 9562, version 4), the same for the same disk and options by their making. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { CreateImageOptions } from './image.ts';

type Named = Pick<CreateImageOptions, 'path' | 'size' | 'identity' | 'finalName'>;

/**
 * 16 bytes. `purpose` tells several UUIDs of one image apart. `order`: whether the version lies where Microsoft's byte
 * order has it (`mixed`: the first three fields little-endian) or where the RFC's has it (`network`).
 */
export function imageUuid(
  { path, size, identity, finalName }: Named,
  order: 'network' | 'mixed',
  purpose = '',
): Buffer {
  const name = `${finalName ?? basename(path)}\0${size}`;
  const digest = createHash('sha256')
    .update(identity ?? name)
    .update(purpose)
    .digest();
  const uuid = identity !== undefined && purpose === '' ? Buffer.from(identity) : digest.subarray(0, 16);
  const version = order === 'network' ? 6 : 7;
  uuid[version] = (uuid[version]! & 0x0f) | 0x40;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}
