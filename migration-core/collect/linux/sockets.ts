/** Who listens and who talks to whom: ss(8), else netstat(8), else /proc/net/tcp and its sisters. */
import type { ServerInventory } from '../../store/model/inventory.ts';
import { fileOf, known, linesOf, textOf, type Sections } from './text.ts';

type Listener = NonNullable<ServerInventory['listeners']>[number];
type Connection = NonNullable<ServerInventory['connections']>[number];

export interface Sockets {
  listeners: Listener[];
  connections: Connection[];
  /** Names of programs could be seen. */
  named: boolean;
}

/** A busy proxy has some ten thousand; more says nothing new. */
const MAX_SOCKETS = 20_000;

interface Socket {
  protocol: 'tcp' | 'udp';
  listening: boolean;
  established: boolean;
  local: Endpoint;
  remote: Endpoint;
  process?: string | undefined;
}

interface Endpoint {
  address: string;
  port: number;
}

/** @returns undefined where no source is there */
export function socketsOf(sections: Sections): Sockets | undefined {
  const sources = [
    () => parseSs(textOf(sections, 'ss')),
    () => parseNetstat(textOf(sections, 'netstat')),
    () => parseProc(sections),
  ];
  for (const source of sources) {
    const sockets = source();
    if (sockets !== undefined) return collect(sockets);
  }
  return undefined;
}

function collect(sockets: readonly Socket[]): Sockets {
  const listeners = new Map<string, Listener>();
  const connections = new Map<string, Connection>();
  for (const { protocol, listening, established, local, remote, process } of sockets) {
    if (listening && listeners.size < MAX_SOCKETS) {
      // One for each worker of a server: the first counts.
      const key = `${protocol} ${local.address} ${local.port}`;
      if (!listeners.has(key)) listeners.set(key, known<Listener>({ protocol, ...local, process }));
    } else if (established && !isLoopback(remote.address) && connections.size < MAX_SOCKETS) {
      const key = `${protocol} ${local.address} ${local.port} ${remote.address} ${remote.port}`;
      connections.set(
        key,
        known<Connection>({
          protocol,
          localAddress: local.address,
          localPort: local.port,
          remoteAddress: remote.address,
          remotePort: remote.port,
          process,
        }),
      );
    }
  }
  return {
    listeners: [...listeners.values()],
    connections: [...connections.values()],
    named: sockets.some(({ process }) => process !== undefined),
  };
}

const isLoopback = (address: string): boolean => /^127\.|^::1$/u.test(address);

/** `192.0.2.1:22`, `[::1]:631`, `*:68`, `::ffff:192.0.2.1:22`, `fe80::1%eth0:546`, `:::22`. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(.*):(\d{1,5}|\*)$/u.exec(text.slice(0, 200));
  if (match === null) return undefined;
  const port = match[2] === '*' ? 0 : Number(match[2]);
  if (port > 65_535) return undefined;
  const bare = match[1]!
    .replace(/^\[(.*)\]$/u, '$1')
    .replace(/%[^%\]]*$/u, '')
    .replace(/^\[(.*)\]$/u, '$1');
  const address = bare === '*' || bare === '' ? '*' : bare.replace(/^::ffff:(?=\d+\.)/iu, '');
  return { address, port };
}

/** `tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))`. */
export function parseSs(text: string): Socket[] | undefined {
  const lines = linesOf(text);
  if (!lines.some((line) => line.startsWith('Netid'))) return undefined;
  const sockets: Socket[] = [];
  for (const line of lines) {
    const words = line.slice(0, 4096).split(/\s+/u);
    const protocol = words[0];
    const [local, remote] = [parseEndpoint(words[4] ?? ''), parseEndpoint(words[5] ?? '')];
    if ((protocol !== 'tcp' && protocol !== 'udp') || local === undefined || remote === undefined) continue;
    sockets.push({
      protocol,
      listening: words[1] === 'LISTEN' || (protocol === 'udp' && words[1] === 'UNCONN'),
      established: words[1] === 'ESTAB',
      local,
      remote,
      process: /users:\(\("([^"]{1,64})"/u.exec(line)?.[1],
    });
  }
  return sockets;
}

/** `tcp 0 0 0.0.0.0:22 0.0.0.0:* LISTEN 123/sshd`, with `-e` user and inode before the program; udp has no state where it is not connected. */
export function parseNetstat(text: string): Socket[] | undefined {
  const lines = linesOf(text);
  if (!lines.some((line) => line.startsWith('Proto'))) return undefined;
  const sockets: Socket[] = [];
  for (const line of lines) {
    const match =
      /^(tcp|udp)6?\s+\d+\s+\d+\s+(\S+)\s+(\S+)(?:\s+([A-Z_][A-Z_0-9]+))?(?:\s+\d+\s+\d+)?(?:\s+(?:-|\d+\/([^\s:]{1,64})).*)?$/u.exec(
        line.slice(0, 4096),
      );
    const [local, remote] = [parseEndpoint(match?.[2] ?? ''), parseEndpoint(match?.[3] ?? '')];
    if (match === null || local === undefined || remote === undefined) continue;
    const protocol = match[1] as 'tcp' | 'udp';
    sockets.push({
      protocol,
      listening: match[4] === 'LISTEN' || (protocol === 'udp' && match[4] !== 'ESTABLISHED'),
      established: match[4] === 'ESTABLISHED',
      local,
      remote,
      process: match[5],
    });
  }
  return sockets;
}

const TCP_ESTABLISHED = '01';
const UDP_OPEN = '07';
const TCP_LISTEN = '0A';

/** Lines ` 0: 0100007F:1F90 00000000:0000 0A ...`, addresses in numbers of four octets as a PC has them. */
function parseProc(sections: Sections): Socket[] | undefined {
  const files = (['tcp', 'tcp6', 'udp', 'udp6'] as const).filter((name) =>
    sections.has(`file:/proc/net/${name}`),
  );
  if (files.length === 0) return undefined;
  const sockets: Socket[] = [];
  for (const name of files)
    for (const line of linesOf(fileOf(sections, `/proc/net/${name}`))) {
      const match =
        /^\s*\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{2})\b/u.exec(line);
      if (match === null) continue;
      const protocol = name.startsWith('tcp') ? 'tcp' : 'udp';
      sockets.push({
        protocol,
        listening: match[5] === (protocol === 'tcp' ? TCP_LISTEN : UDP_OPEN),
        established: match[5] === TCP_ESTABLISHED,
        local: { address: procAddress(match[1]!), port: Number.parseInt(match[2]!, 16) },
        remote: { address: procAddress(match[3]!), port: Number.parseInt(match[4]!, 16) },
      });
    }
  return sockets;
}

/** `0100007F` is 127.0.0.1; of IPv6 each of the four numbers is turned round. */
export function procAddress(hex: string): string {
  const octets = hex
    .match(/.{8}/gu)!
    .flatMap((word) => word.match(/../gu)!.reverse())
    .map((octet) => Number.parseInt(octet, 16));
  if (octets.length === 4) return octets.join('.');
  const mapped =
    octets.slice(0, 10).every((octet) => octet === 0) && octets[10] === 255 && octets[11] === 255;
  if (mapped) return octets.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((octets[2 * i] ?? 0) * 256 + (octets[2 * i + 1] ?? 0)).toString(16),
  );
  // RFC 5952 4.2: the longest run of zeros, the first of those alike, is `::`.
  const runs = [...groups.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/gu)].sort(
    (a, b) => b[0].replace(/^:/u, '').length - a[0].replace(/^:/u, '').length,
  );
  const longest = runs[0];
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  return `${text.slice(0, longest.index)}::${text.slice(longest.index + longest[0].length).replace(/^:/u, '')}`;
}
