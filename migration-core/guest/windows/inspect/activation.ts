/** How this Windows was licensed, as far as its registry tells: OEM licences stay with the hardware they were sold with. */
import type { WindowsFacts } from '../facts.ts';
import type { RegistryReader } from './registry.ts';

type Activation = WindowsFacts['activation'];

const CURRENT = 'Microsoft\\Windows NT\\CurrentVersion';
/** DigitalProductId4 of Vista and later: at 3F8 the type of the product key, 64 characters of UTF-16; the whole has 4F8 bytes. */
const KEY_TYPE_OFFSET = 0x3f8;
const KEY_TYPE_BYTES = 128;

const CHANNELS: [pattern: RegExp, channel: Activation['channel']][] = [
  [/eval/iu, 'evaluation'],
  [/^oem/iu, 'oem'],
  [/gvlk/iu, 'kms'],
  [/^volume/iu, 'volume'],
  [/^retail/iu, 'retail'],
];

export function readActivation(software: RegistryReader | null): Activation {
  if (software === null) return { channel: 'unknown', evidence: '' };
  const edition = software.text(CURRENT, 'EditionID');
  if (/eval$/iu.test(edition)) return { channel: 'evaluation', evidence: `the edition ${edition}` };
  const keyType = keyTypeOf(software.bytes(CURRENT, 'DigitalProductId4'));
  const told = CHANNELS.find(([pattern]) => pattern.test(keyType))?.[1];
  if (told !== undefined) return { channel: told, evidence: `a product key of the type ${keyType}` };
  const productId = software.text(CURRENT, 'ProductId');
  // The second group of old numbers, and the last of new ones, say OEM in letters.
  if (/^\d{5}-OEM-\d{7}-\d{5}$/u.test(productId) || /-[A-Z]{2}OEM$/u.test(productId))
    return { channel: 'oem', evidence: `the product ID ${productId}` };
  const host = software.text(`${CURRENT}\\SoftwareProtectionPlatform`, 'KeyManagementServiceName');
  if (host !== '') return { channel: 'kms', evidence: `the key management service ${host}` };
  return { channel: 'unknown', evidence: '' };
}

function keyTypeOf(data: Uint8Array | null): string {
  if (data === null || data.length < KEY_TYPE_OFFSET + KEY_TYPE_BYTES) return '';
  const text = Buffer.from(data.subarray(KEY_TYPE_OFFSET, KEY_TYPE_OFFSET + KEY_TYPE_BYTES)).toString(
    'utf16le',
  );
  const end = text.indexOf('\0');
  const type = end < 0 ? text : text.slice(0, end);
  return /^[\x20-\x7e]*$/u.test(type) ? type : '';
}
