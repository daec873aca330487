/** What the consultant adds to what was collected, and what was computed from it. Part of the engagement file. */
import type { ServerId } from './engagement.ts';
import type { ServerAnnotations } from './model/annotations.ts';

/**
 * Scenarios, host templates of the customer, rule packs of the customer, answers that were computed; what is said of the
 * engagement itself (`project`), how reports are made and which were, which server was converted to where, and who signed
 * what of the waves.
 */
export const DOCUMENT_KINDS = [
  'scenario',
  'host-template',
  'rule-pack',
  'assessment',
  'plan',
  'waves',
  'project',
  'report-preset',
  'report-history',
  'conversion',
  'wave-signatures',
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
  /**
   * Empty where nobody said anything. Of a server that is merged into another one, the other gets what was not said of
   * it; what was said of both in different ways is told by `annotationRemarks`.
   */
  annotations(id: ServerId): ServerAnnotations;
  /** Sentences on what was lost when servers were merged; until its annotations are put anew. */
  annotationRemarks(id: ServerId): string[];
  /** Replaces all of them. @throws USAGE (not of the model), ENGAGEMENT_READ_ONLY, ENGAGEMENT_FULL */
  putAnnotations(id: ServerId, annotations: ServerAnnotations): void;

  /**
   * The demand profile as it was put; null where there is none, where samples, an inventory or another backup window came
   * since, and where it is not as it was put: it is to be computed anew.
   */
  demandProfile(id: ServerId): Uint8Array | null;
  putDemandProfile(id: ServerId, bytes: Uint8Array): void;

  /** JSON value by kind and name; null where there is none. A stranger's file: check it. @throws ENGAGEMENT_DAMAGED */
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
