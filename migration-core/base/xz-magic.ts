/** The first bytes of an xz file (xz-file-format 2.1.1.1), as Latin-1. */
export const XZ_MAGIC = '\xfd7zXZ\0';
