/**
 * The one place that puts HTML of the program into a document: that of a report, in which every name is escaped
 * (migration-core/report/html/escape.ts), into the frame of its preview, which runs no script. The policy of the page names
 * this one beside Svelte's (electron/page.ts), so that no other text can take this way.
 */
interface Policy {
  createHTML(html: string): string;
}
interface Policies {
  createPolicy(name: string, rules: Policy): Policy;
}

let policy: Policy | null = null;

/** As it is; where the browser tells trusted HTML from text, as trusted. */
export function trusted(html: string): string {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  if (policies === undefined) return html;
  policy ??= policies.createPolicy('report-preview', { createHTML: (same) => same });
  return policy.createHTML(html);
}
