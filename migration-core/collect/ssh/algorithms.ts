/** Which ciphers and keys are offered. */
import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';

/** What ssh2 offers by itself, strongest first (its constants.js); RSA keys sign in three ways. */
const HOST_KEYS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

const keyOf = (signature: ServerHostKeyAlgorithm): string =>
  signature.startsWith('rsa-sha2') ? 'ssh-rsa' : signature;

/**
 * Kinds of keys that are known of the server come first, so that it shows the one that can be compared.
 * @param known algorithms of its known keys
 * @param old also what OpenSSH before 6 needs: Red Hat 4 to 6, ESX, Solaris 10
 */
export function algorithmsFor(known: readonly string[], old: boolean): Algorithms {
  const all: ServerHostKeyAlgorithm[] = old ? [...HOST_KEYS, 'ssh-dss'] : [...HOST_KEYS];
  const serverHostKey = [
    ...all.filter((algorithm) => known.includes(keyOf(algorithm))),
    ...all.filter((algorithm) => !known.includes(keyOf(algorithm))),
  ];
  if (!old) return { serverHostKey };
  return {
    serverHostKey,
    kex: {
      append: [
        'diffie-hellman-group-exchange-sha1',
        'diffie-hellman-group14-sha1',
        'diffie-hellman-group1-sha1',
      ],
      prepend: [],
      remove: [],
    },
    cipher: { append: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'], prepend: [], remove: [] },
    hmac: { append: ['hmac-md5', 'hmac-sha1-96'], prepend: [], remove: [] },
  };
}
