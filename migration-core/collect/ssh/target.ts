/** Which server is asked, and as whom. Never holds a credential, so it may be shown, logged and kept. */
export interface SshTarget {
  /** Name or address. */
  host: string;
  /** 22 where nothing is given. */
  port?: number;
  user: string;
  /**
   * Also offer ciphers and key exchanges that are broken today, for servers that know no others (before about 2012).
   * Whoever can change what goes over the network can then read it.
   */
  oldAlgorithms?: boolean;
}

export const portOf = (target: SshTarget): number => target.port ?? 22;

/** `web1`, `web1:2222`, `[2001:db8::7]:2222`. */
export function targetName(target: SshTarget): string {
  const port = portOf(target);
  if (port === 22) return target.host;
  return target.host.includes(':') ? `[${target.host}]:${port}` : `${target.host}:${port}`;
}
