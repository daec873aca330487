/** MAC addresses as guests write them: any case, colons or dashes; ours are lower case with colons. */

const MAC = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

/** `aa:bb:cc:dd:ee:ff`, or null for what is no address of one network card (multicast, all zero). */
export function normalMac(text: string): string | null {
  const trimmed = text.trim();
  if (!MAC.test(trimmed)) return null;
  const mac = trimmed.toLowerCase().replaceAll('-', ':');
  if (mac === '00:00:00:00:00:00' || (parseInt(mac.slice(0, 2), 16) & 1) === 1) return null;
  return mac;
}

/** The predictable name that holds the address: `enxaabbccddeeff`. */
export function macOfName(name: string): string | null {
  const hex = /^enx([0-9a-f]{12})$/.exec(name)?.[1];
  return hex === undefined ? null : normalMac(hex.replace(/(..)(?!$)/g, '$1:'));
}

/** A new address in the spelling of the old one: its case and its separator. */
export function spelledLike(old: string, mac: string): string {
  const separated = old.includes('-') ? mac.replaceAll(':', '-') : mac;
  return /[A-F]/.test(old) ? separated.toUpperCase() : separated;
}

const ANY_MAC = /(?<!\b[0-9a-f]{2}[:-]|[0-9a-f])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![0-9a-f:-])/gi;

/** Replaces each address that the table names, in the spelling it is found in. */
export function replaceMacs(text: string, renewed: ReadonlyMap<string, string>): string {
  return text.replace(ANY_MAC, (found) => {
    const mac = renewed.get(found.toLowerCase().replaceAll('-', ':'));
    return mac === undefined ? found : spelledLike(found, mac);
  });
}
