/** Who signed that what must be true before the next wave is true. Kept with the engagement, one document a scenario. */
import { z } from 'zod';

const MAX_SIGNATURES = 10_000;

export const gateSignature = z.object({
  wave: z.number().int().min(0).max(9999),
  gate: z.string().max(200),
  by: z.string().min(1).max(200),
  /** Milliseconds since 1970. */
  at: z.number(),
  /** Servers of the wave when it was signed. */
  servers: z.array(z.number()).max(100_000),
});
export type GateSignature = z.infer<typeof gateSignature>;

const document = z.object({ version: z.literal(1), signatures: z.array(gateSignature).max(MAX_SIGNATURES) });
export type SignatureDocument = z.infer<typeof document>;

/** What the document says; one that is damaged or of a later version says nothing. */
export function readSignatures(value: unknown): GateSignature[] {
  const parsed = document.safeParse(value);
  return parsed.success ? parsed.data.signatures : [];
}

/** With `signed` in place of an earlier one, or (null) without it. */
export function withSignature(
  signatures: readonly GateSignature[],
  { wave, gate }: Pick<GateSignature, 'wave' | 'gate'>,
  signed: GateSignature | null,
): SignatureDocument {
  const others = signatures.filter((one) => one.wave !== wave || one.gate !== gate);
  const all = signed === null ? others : [...others, signed];
  all.sort((a, b) => a.wave - b.wave || (a.gate < b.gate ? -1 : a.gate > b.gate ? 1 : 0));
  return { version: 1, signatures: all };
}

/** Whether the wave has other servers now than when it was signed: then it was signed for something else. */
export function isOutdated({ servers }: GateSignature, members: readonly { server: number }[]): boolean {
  const signed = new Set(servers);
  return members.length !== signed.size || members.some(({ server }) => !signed.has(server));
}
