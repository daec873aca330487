/** What the consultant adds to what was collected, and what was computed from it. Part of the engagement file. */
import type { ServerId } from './engagement.ts';
import type { ServerAnnotations } from './model/annotations.ts';

/** Scenarios, host templates of the customer, rule packs of the customer, answers that were computed. */
export const DOCUMENT_KINDS = [
  'scenario',
  'host-template',
  'rule-pack',
  'assessment',
  'plan',
  'waves',
] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

export interface DocumentInfo {
  name: string;
  /** Milliseconds since 1970. */
  changedAt: number;
  /** SHA-256 of what it was computed from, where it was computed; null for what people wrote. */
  inputs: string | null;
}

export interface PlanningStore {
  /** Empty where nobody said anything. Follows a server that is merged into another one. */
  annotations(id: ServerId): ServerAnnotations;
  /** Replaces all of them. @throws ENGAGEMENT_READ_ONLY, ENGAGEMENT_FULL */
  putAnnotations(id: ServerId, annotations: ServerAnnotations): void;

  /** The demand profile as it was put; null where there is none, or samples or an inventory came since. */
  demandProfile(id: ServerId): Uint8Array | null;
  putDemandProfile(id: ServerId, bytes: Uint8Array): void;

  /** JSON value by kind and name; null where there is none. */
  document(kind: DocumentKind, name: string): unknown;
  putDocument(
    kind: DocumentKind,
    name: string,
    value: unknown,
    inputs: string | null,
    changedAt: number,
  ): void;
  removeDocument(kind: DocumentKind, name: string): void;
  /** By name. */
  documents(kind: DocumentKind): DocumentInfo[];
}
