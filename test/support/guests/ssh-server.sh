#!/usr/bin/env bash
# Adds an SSH server and the tools that judge an inventory to the disk of a test server whose root is its first partition.
#   ssh-server.sh DISK KEY.pub   DISK is written to; KEY.pub may log in as root
# Debian comes from where this machine's own apt takes it.
set -euo pipefail
disk=$1 key=$2
mnt=$(mktemp -d)
loop=
finish() {
  set +e
  umount -R "$mnt/proc" 2>/dev/null
  umount "$mnt" 2>/dev/null
  [ -n "$loop" ] && losetup -d "$loop"
  rmdir "$mnt"
}
trap finish EXIT

start=$(sfdisk -d "$disk" | sed -n 's/.*start= *\([0-9]*\),.*/\1/p' | head -n1)
loop=$(losetup --show -f -o $((start * 512)) "$disk")
mount -t ext4 "$loop" "$mnt"
mount -t proc proc "$mnt/proc"
cp -a "$mnt/etc/apt" "$mnt/etc/apt.before"
cp -a "$mnt/etc/resolv.conf" "$mnt/etc/resolv.conf.before"
rm -f "$mnt/etc/apt/sources.list"
cp -a /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d /etc/apt/keyrings \
  /etc/apt/auth.conf.d "$mnt/etc/apt/" 2>/dev/null || true
for file in /etc/apt/apt.conf.d/*; do
  case $file in */docker-* | */50appstream | */20packagekit | */70debconf) ;; *) cp "$file" "$mnt/etc/apt/apt.conf.d/" ;; esac
done
cp -L /etc/resolv.conf "$mnt/etc/resolv.conf"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
in_root() { chroot "$mnt" "$@"; }
in_root apt-get update -q
in_root apt-get install -q -y --no-install-recommends -o DPkg::Options::=--force-unsafe-io openssh-server dmidecode pciutils
in_root apt-get clean
rm -rf "$mnt/etc/apt" "$mnt"/var/lib/apt/lists/*
mv "$mnt/etc/apt.before" "$mnt/etc/apt"
mv "$mnt/etc/resolv.conf.before" "$mnt/etc/resolv.conf"
mkdir -p -m 700 "$mnt/root/.ssh"
cp "$key" "$mnt/root/.ssh/authorized_keys"
