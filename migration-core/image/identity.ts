/** What tells a new image from every other: given by the caller, else the same for the same name and size. */
import { createHash } from 'node:crypto';
import { uuidFromIdentity } from '../base/guid.ts';
import type { CreateImageOptions } from './image.ts';
import { finalNameOf } from './partial.ts';

type Named = Pick<CreateImageOptions, 'path' | 'size' | 'identity' | 'finalName'>;

const hash = (...parts: (string | Uint8Array)[]): Buffer => {
  const sha = createHash('sha256');
  for (const part of parts) sha.update(part);
  return sha.digest().subarray(0, 16);
};

/** 16 bytes. */
export const imageIdentity = (options: Named): Uint8Array =>
  options.identity ?? hash(`${finalNameOf(options)}\0${options.size}`);

/**
 * A UUID of the image that looks like a random one (RFC 9562, version 4), 16 bytes. `purpose` tells several UUIDs of one
 * image apart. `order`: whether the version lies where Microsoft's byte order has it (`mixed`: the first three fields
 * little-endian) or where the RFC's has it (`network`).
 */
export function imageUuid(options: Named, order: 'network' | 'mixed', purpose = ''): Uint8Array {
  const identity = imageIdentity(options);
  const bytes = purpose === '' ? identity : hash(identity, purpose);
  if (order === 'mixed') return uuidFromIdentity(bytes);
  const uuid = Uint8Array.from(bytes);
  uuid[6] = (uuid[6]! & 0x0f) | 0x40;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return uuid;
}
