/** What fields say of what was typed. */
export const fields = {
  needed: 'This is needed.',
  noNumber: 'Type a number.',
  atLeast: (least: string) => `At least ${least}.`,
  atMost: (most: string) => `At most ${most}.`,
} as const;
