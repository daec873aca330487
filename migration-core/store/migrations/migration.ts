/** One step from a version of the schema to the next; runs inside a transaction, and is deterministic. */
export interface Migration {
  /** For logs: what it is about. */
  name: string;
  sql: string;
}
