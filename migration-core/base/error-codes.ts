/** Every error code of the program and what kind of ending it is. Codes are never renamed; new ones go to their room's block. */

/** `refused`: found before anything was written. `failed`: went wrong on the way. */
export type ErrorKind = 'usage' | 'refused' | 'failed' | 'cancelled';

export const ERROR_KINDS = {
  // base
  CANCELLED: 'cancelled',
  PAUSED: 'cancelled',
  USAGE: 'usage',
  INTERNAL: 'failed',
  // block
  READ_FAILED: 'failed',
  READ_PAST_END: 'failed',
  WRITE_FAILED: 'failed',
  DESTINATION_FULL: 'failed',
  // image
  IMAGE_DAMAGED: 'refused',
  IMAGE_NOT_SUPPORTED: 'refused',
  IMAGE_HAS_BACKING: 'refused',
  IMAGE_TOO_LARGE: 'refused',
  SCRATCH_SPACE: 'refused',
  // volume
  GPT_DAMAGED: 'refused',
  NO_PARTITION_TABLE: 'refused',
  DISK_TRUNCATED: 'refused',
  SECTOR_SIZE_UNUSUAL: 'refused',
  // filesystem/fat
  FAT_DAMAGED: 'refused',
  NAME_NOT_ALLOWED: 'failed',
  // a file system, path or file inside the guest
  NOT_FOUND: 'failed',
  NOT_A_DIRECTORY: 'failed',
  IS_A_DIRECTORY: 'failed',
  NOT_A_SYMLINK: 'failed',
  ALREADY_EXISTS: 'failed',
  DIRECTORY_NOT_EMPTY: 'failed',
  NAME_TOO_LONG: 'failed',
  TOO_MANY_LINKS: 'failed',
  FILE_TOO_LARGE: 'failed',
  NO_SPACE_IN_GUEST: 'refused',
  NOT_SUPPORTED: 'refused',
  // guest/linux: configuration files and catalogues
  NETWORK_YAML_NOT_UNDERSTOOD: 'failed',
  CATALOGUE_DAMAGED: 'failed',
  // guest/linux/initramfs
  INITRAMFS_DAMAGED: 'failed',
  // filesystem/ext
  EXT_UNSUPPORTED_FEATURE: 'refused',
  EXT_DAMAGED: 'refused',
  EXT_IN_USE: 'refused',
  EXT_JOURNAL_UNSUPPORTED: 'refused',
  EXT_READ_ONLY: 'refused',
  EXT_ENCRYPTED: 'refused',
  // guest: what inspection refuses, and its tree of volumes
  SYMLINK_LOOP: 'failed',
  NO_OS_FOUND: 'refused',
  SEVERAL_OS_FOUND: 'refused',
  OS_NOT_SUPPORTED: 'refused',
  ROOT_NOT_SUPPORTED: 'refused',
  ROOT_ENCRYPTED: 'refused',
  NO_KERNEL_FOUND: 'refused',
  GUEST_HIBERNATED: 'refused',
  VOLUME_NOT_READABLE: 'refused',
  EDIT_NOT_POSSIBLE: 'failed',
  // convert: the job as a whole
  PRE_FLIGHT: 'refused',
  DESTINATION_EXISTS: 'refused',
  DESTINATION_SPACE: 'refused',
  DESTINATION_UNUSABLE: 'refused',
  DESTINATION_IS_SOURCE: 'refused',
  VERIFY_FAILED: 'failed',
  NOT_A_CONVERSION: 'refused',
  ALREADY_UNDONE: 'refused',
  ALREADY_FINISHED: 'refused',
  // convert: going on with an interrupted job
  JOB_RUNNING: 'refused',
  JOURNAL_DAMAGED: 'refused',
  SOURCE_CHANGED: 'refused',
  PLAN_CHANGED: 'refused',
  // convert/boot-test
  QEMU_NOT_FOUND: 'refused',
  UEFI_FIRMWARE_NOT_FOUND: 'refused',
  QEMU_FAILED: 'failed',
  // source
  SOURCE_NOT_FOUND: 'refused',
  SOURCE_NOT_READABLE: 'refused',
  SOURCE_NOT_A_DISK: 'refused',
  SOURCE_EMPTY: 'refused',
  SOURCE_TWICE: 'refused',
  SOURCE_MOUNTED: 'refused',
  SOURCE_IN_USE: 'refused',
  MACHINE_NOT_UNDERSTOOD: 'refused',
  // store: the engagement file
  ENGAGEMENT_NOT_FOUND: 'refused',
  ENGAGEMENT_DAMAGED: 'refused',
  ENGAGEMENT_TOO_NEW: 'refused',
  ENGAGEMENT_READ_ONLY: 'refused',
  ENGAGEMENT_FULL: 'failed',
  NOT_AN_ENGAGEMENT: 'refused',
  // collect
  IMPORT_NOT_SUPPORTED: 'refused',
  IMPORT_DAMAGED: 'refused',
  IMPORT_NEEDS_ANSWER: 'refused',
  HOST_KEY_UNKNOWN: 'refused',
  HOST_KEY_CHANGED: 'refused',
  LOGIN_FAILED: 'refused',
  HOST_NOT_REACHED: 'failed',
  COLLECT_FAILED: 'failed',

  // assess, plan
  RULE_PACK_INVALID: 'refused',
  SCENARIO_INVALID: 'refused',
  ASSESSMENT_IMPOSSIBLE: 'refused',
  WAVES_INVALID: 'refused',
  ANNOTATIONS_INVALID: 'refused',

  // report
  PDF_NOT_POSSIBLE: 'refused',
  PDF_FAILED: 'failed',
  LOGO_NOT_USABLE: 'refused',

  // filesystem/ntfs
  NTFS_DAMAGED: 'refused',
  NTFS_HIBERNATED: 'refused',
  NTFS_LOG_DIRTY: 'refused',
  NTFS_UNSUPPORTED: 'refused',
  NTFS_ENCRYPTED: 'refused',
  // registry
  NOT_A_HIVE: 'refused',
  HIVE_DAMAGED: 'refused',
  HIVE_KEY_NOT_FOUND: 'failed',
  HIVE_TOO_LARGE: 'refused',
  // filesystem/iso9660
  ISO_DAMAGED: 'refused',
  ISO_NOT_SUPPORTED: 'refused',
  // guest/windows/drivers
  DRIVER_SOURCE_UNUSABLE: 'refused',
  INF_NOT_UNDERSTOOD: 'refused',
  // guest/windows: cabinets with driver files
  CABINET_DAMAGED: 'failed',
  CABINET_NOT_SUPPORTED: 'failed',
  // electron: the shells
  WRITE_NOT_ALLOWED: 'refused',
  PAGE_NOT_BUILT: 'refused',
  PORT_NOT_FREE: 'refused',
  ELEVATION_REFUSED: 'refused',
  ELEVATION_NOT_POSSIBLE: 'refused',
  HELPER_FAILED: 'failed',

  // service: the program behind the interface
  NO_ENGAGEMENT: 'refused',
  ENGAGEMENT_BUSY: 'refused',
  FILE_NOT_CHOSEN: 'refused',
  FILE_NAME_NOT_ALLOWED: 'refused',
  FOLDER_NOT_READABLE: 'refused',
  JOB_NOT_FOUND: 'refused',
  JOB_NOT_POSSIBLE: 'refused',
  TASK_DIED: 'failed',
  NOTHING_TO_UNDO: 'refused',
  CREDENTIALS_NOT_KEPT: 'refused',
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_KINDS;
