/**
 * Imported before better-sqlite3, whose native part ends the process without a word on Node before 22. Chunks need
 * Zstandard of node:zlib, which is there since 22.15.
 */
const LEAST = [22, 15] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]))
  throw new Error(
    `Engagement files need Node ${LEAST.join('.')} or newer, and this is ${process.versions.node}. Start Ironlift with a newer Node.`,
  );
