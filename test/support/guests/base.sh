#!/usr/bin/env bash
# Makes the root tree that all test servers start from: a minimal Debian 12 with its kernel, as a tar archive, and the
# packages that only some of them get. Debian comes from where this machine's own apt takes it.
#   base.sh OUT   writes OUT/root.tar.zst and OUT/debs/{grub-pc,grub-efi,dracut}/*.deb
set -euo pipefail
out=$1
root=$out/root
mkdir -p "$out/debs"

umount_all() { umount "$root/proc" 2>/dev/null || true; }
trap umount_all EXIT

mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
[ -n "$mirror" ] || {
  echo "apt on this machine has no source for Debian 12 (bookworm)." >&2
  exit 1
}
debootstrap --variant=minbase \
  --include=systemd-sysv,udev,kmod,ifupdown,iproute2,e2fsprogs,dbus,zstd,busybox,cpio \
  bookworm "$root" "$mirror"

# The same sources, keys and proxies as this machine, for as long as packages are being installed.
rm -f "$root/etc/apt/sources.list"
cp -a /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d /etc/apt/keyrings \
  /etc/apt/auth.conf.d "$root/etc/apt/" 2>/dev/null || true
for file in /etc/apt/apt.conf.d/*; do
  case $file in */docker-* | */50appstream | */20packagekit | */70debconf) ;; *) cp "$file" "$root/etc/apt/apt.conf.d/" ;; esac
done
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cat >"$root/etc/dpkg/dpkg.cfg.d/building" <<'CONF'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
CONF
mount -t proc proc "$root/proc"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
in_root() { chroot "$root" "$@"; }
in_root apt-get update -q
# The image is built by each server's own rules later.
mkdir -p "$root/etc/initramfs-tools/conf.d"
in_root apt-get install -q -y --no-install-recommends initramfs-tools
echo 'update_initramfs=no' >"$root/etc/initramfs-tools/update-initramfs.conf"
in_root apt-get install -q -y --no-install-recommends linux-image-amd64
echo 'update_initramfs=yes' >"$root/etc/initramfs-tools/update-initramfs.conf"

download() {
  local folder=$1
  shift
  mkdir -p "$root/debs/$folder/partial"
  in_root apt-get install -q -y --no-install-recommends --download-only -o Dir::Cache::archives="/debs/$folder" "$@"
  rm -rf "$root/debs/$folder/partial" "$root/debs/$folder/lock"
}
download grub-pc grub-pc
download grub-efi grub-efi-amd64 grub-efi-amd64-signed shim-signed
download dracut dracut
rm -rf "$out/debs"
mv "$root/debs" "$out/debs"

umount "$root/proc"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root/etc/dpkg/dpkg.cfg.d/building" "$root/etc/resolv.conf" \
  "$root"/etc/apt/auth.conf.d/* "$root"/usr/share/doc/* "$root"/usr/share/locale/* "$root"/boot/initrd.img*
find "$root/etc/apt/apt.conf.d" -type f ! -name 01autoremove -delete
tar -C "$root" --numeric-owner --xattrs -cf - . | zstd -q -3 -T0 -o "$out/root.tar.zst"
rm -rf --one-file-system "$root"
