/**
 * The shell script that runs once on the new machine: it makes every initramfs anew with the guest's own tool, so that
 * it is a native one again. The old image stays in place until the new one is complete and holds the drivers; whatever
 * fails or is interrupted before that leaves a machine that starts as it did.
 */

export interface Rebuild {
  /** As in /lib/modules. */
  version: string;
  /** Guest path. */
  image: string;
  tool: 'initramfs-tools' | 'dracut' | 'mkinitcpio' | 'mkinitfs' | 'mkinitrd';
  /** File names of modules without `.ko`, that the new image must hold: `virtio_blk`, `xen-blkfront`. */
  drivers: string[];
}

/** A boot loader to be entered in the empty boot list of the new firmware. */
export interface EfiEntry {
  /** Where the EFI system partition is mounted. */
  mountPoint: string;
  label: string;
  /** As the firmware names it: `\EFI\debian\shimx64.efi`. */
  loader: string;
}

export const SCRIPT = '/usr/lib/ironlift/first-boot';
export const STATE = '/var/lib/ironlift';
export const LOG = '/var/log/ironlift-first-boot.log';
export const UNIT = 'ironlift-first-boot.service';

export function firstBootScript(rebuilds: readonly Rebuild[], efi: EfiEntry | null): string {
  const calls = rebuilds.map(({ version, image, tool, drivers }) =>
    ['rebuild', version, image, tool, ...drivers].map(quoted).join(' '),
  );
  if (efi !== null) calls.push(['register', efi.mountPoint, efi.label, efi.loader].map(quoted).join(' '));
  return `${HEAD}\n${calls.join('\n')}\n${TAIL}`;
}

/** A word of the shell whatever it contains. */
function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

const HEAD = String.raw`#!/bin/sh
# Written by Ironlift when this server was converted into a virtual machine. Runs once, at its first start: makes every
# initramfs anew for the virtual hardware, with the tools of this system.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
state=${STATE}
[ -e "$state/first-boot.done" ] && exit 0
mkdir -p "$state" || exit 1
exec </dev/null >>${LOG} 2>&1
failed=0

say() { echo "$(date '+%Y-%m-%d %H:%M:%S') $*"; }

# build NEW: a complete image of kernel $version, under a name that nothing starts from.
build() {
  case $tool in
    initramfs-tools) mkinitramfs -o "$1" "$version" ;;
    dracut) dracut --force "$1" "$version" ;;
    mkinitcpio) mkinitcpio -k "$version" -g "$1" ;;
    mkinitfs) mkinitfs -o "$1" "$version" ;;
    mkinitrd)
      if [ -e /etc/SuSE-release ]; then
        mkinitrd -k "vmlinuz-$version" -i "\${1##*/}" -b "\${1%/*}"
      else
        mkinitrd -f "$1" "$version"
      fi
      ;;
  esac
}

# Names of the files in an image; fails where this system has nothing that tells them.
contents() {
  case $tool in
    initramfs-tools) lsinitramfs "$1" ;;
    dracut) lsinitrd "$1" ;;
    mkinitcpio) lsinitcpio "$1" ;;
    *) { gzip -dc "$1" || zstd -qdc "$1" || xz -dc "$1"; } | cpio -t ;;
  esac 2>/dev/null
}

# sound NEW DRIVER...: it is there, can be read, and has these drivers.
sound() {
  [ -s "$1" ] || return 1
  contents "$1" >"$state/contents" && [ -s "$state/contents" ] || {
    say "The new image $1 cannot be read."
    return 1
  }
  shift
  for driver; do
    grep -q "/$driver\.ko" "$state/contents" || {
      say "The new image has no driver $driver."
      return 1
    }
  done
}

# rebuild VERSION IMAGE TOOL DRIVER...
rebuild() {
  version=$1 image=$(readlink -f "$2") tool=$3
  shift 3
  if ! [ -e "$image" ] || ! [ -d "/lib/modules/$version" ]; then
    say "Kernel $version has been removed, there is nothing to rebuild."
    return
  fi
  say "Rebuilding $image with $tool."
  new=$image.ironlift-new
  rm -f "$new"
  build "$new"
  status=$?
  if [ "$status" -eq 0 ] && sound "$new" "$@"; then
    chmod "$(stat -c %a "$image")" "$new"
    # Complete on the disk before it takes the place of the old one.
    sync
    if mv -f "$new" "$image"; then
      sync
      installed
      say "$image is rebuilt."
      return
    fi
  fi
  rm -f "$new"
  failed=1
  say "$image was left as it is (status $status)."
}

# What the tools do themselves behind an image of the usual name.
installed() {
  command -v restorecon >/dev/null 2>&1 && restorecon "$image"
  [ "$tool" = initramfs-tools ] || return 0
  # Older versions do not touch an image again whose checksum is not this one.
  [ -e "/var/lib/initramfs-tools/$version" ] && sha1sum "$image" >"/var/lib/initramfs-tools/$version"
  if [ -d /etc/initramfs/post-update.d ]; then
    run-parts --arg="$version" --arg="$image" /etc/initramfs/post-update.d
  fi
}

# register MOUNT-POINT LABEL LOADER: an entry in the boot list of the firmware. The machine starts without it too.
register() {
  [ -d /sys/firmware/efi ] && command -v efibootmgr >/dev/null 2>&1 || return 0
  efibootmgr -v | grep -qiF "$3" && return 0
  device=$(awk -v place="$1" '$2 == place { print $1 }' /proc/mounts | tail -n 1)
  node=/sys/class/block/\${device##*/}
  [ -e "$node/partition" ] || return 0
  disk=$(readlink -f "$node/..")
  efibootmgr -q -c -d "/dev/\${disk##*/}" -p "$(cat "$node/partition")" -L "$2" -l "$3" &&
    say "$2 is entered in the boot list of the firmware."
}
`.replaceAll('\\$', '$');

const TAIL = String.raw`
rm -f "$state/contents"
# What fails three times will not do better the fourth; the images work as they are.
if [ "$failed" -ne 0 ]; then
  echo failed >>"$state/first-boot.attempts"
  [ "$(wc -l <"$state/first-boot.attempts")" -ge 3 ] || exit 1
  say 'Given up after three attempts.'
fi
: >"$state/first-boot.done"
rm -f "$state/first-boot.attempts"
if command -v systemctl >/dev/null 2>&1; then systemctl disable ${UNIT} >/dev/null 2>&1; fi
say 'Done.'
exit "$failed"
`;
