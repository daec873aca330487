#!/usr/bin/env bash
# Makes the disk of one physical server running Debian 12.
#   disk.sh KIND BASE OUT   KIND: bios-ahci | uefi-gpt | split | dracut | bench; BASE: what base.sh wrote;
#                           writes OUT/disk.raw, OUT/vmlinuz, OUT/initrd.img and OUT/facts.json
# Every server's initramfs holds no storage driver but AHCI's, so it starts on its old hardware and nowhere else.
set -euo pipefail
kind=$1 base=$2 out=$3
disk=$out/disk.raw
mnt=$out/mnt
loop=
mkdir -p "$mnt"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

finish() {
  set +e
  umount -R "$mnt" 2>/dev/null
  [ -n "$loop" ] && losetup -d "$loop"
  rmdir "$mnt" 2>/dev/null
}
trap finish EXIT
in_root() { chroot "$mnt" "$@"; }
install_debs() { # install_debs FOLDER [APT ARGUMENT...]
  mkdir -p "$mnt/debs"
  cp "$base/debs/$1"/*.deb "$mnt/debs/"
  shift
  in_root sh -c 'apt-get install -q -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" /debs/*.deb' - "$@"
  rm -rf "$mnt/debs"
}

# --- What is particular about each server -------------------------------------------------------------------------

# MAC address as the test machine's old network card had it, where the server knows it.
mac=
address=10.0.2.15
case $kind in
  bios-ahci) size=4G root=1 swap=2 interface=enp0s25 host=erp01 ;;
  uefi-gpt) size=4G root=2 swap=3 esp=1 interface=eno1 host=web02 ;;
  split) size=4G root=5 swap=6 boot=1 home=7 interface=eth0 host=files03 mac=00:25:90:1c:7e:52 ;;
  dracut) size=4G root=2 swap=3 interface=enp3s0f0 host=db04 ;;
  bench) size=8G root=1 swap=2 interface=eno1 host=bench05 ;;
  *)
    echo "No such kind of server: $kind" >&2
    exit 2
    ;;
esac

truncate -s "$size" "$disk"
case $kind in
  bios-ahci | bench)
    # Root first, swap behind it.
    blocks=$(($(stat -c %s "$disk") / 512))
    sfdisk -q "$disk" <<PARTITIONS
label: dos
start=2048, size=$((blocks - 2048 - 1048576)), type=83, bootable
size=1048576, type=82
PARTITIONS
    ;;
  uefi-gpt)
    sfdisk -q "$disk" <<'PARTITIONS'
label: gpt
size=256MiB, type=uefi, name="EFI System Partition"
size=3300MiB, type=linux, name="root"
type=swap, name="swap"
PARTITIONS
    ;;
  split)
    sfdisk -q "$disk" <<'PARTITIONS'
label: dos
start=2048, size=256MiB, type=83, bootable
type=05
size=2600MiB, type=83
size=400MiB, type=82
type=83
PARTITIONS
    ;;
  dracut)
    sfdisk -q "$disk" <<'PARTITIONS'
label: gpt
size=1MiB, type=21686148-6449-6E6F-744E-656564454649, name="BIOS boot"
size=3500MiB, type=linux
type=swap
PARTITIONS
    ;;
esac

# --- File systems ---------------------------------------------------------------------------------------------------

loop=$(losetup -P --show -f "$disk")
partprobe "$loop" || true
part() {
  local node=${loop}p$1
  if [ ! -b "$node" ]; then
    local numbers
    numbers=$(cat "/sys/block/${loop#/dev/}/${node#/dev/}/dev")
    mknod "$node" b "${numbers%:*}" "${numbers#*:}"
  fi
  echo "$node"
}
uuid() { blkid -p -s UUID -o value "$(part "$1")"; }

mkfs.ext4 -q "$(part "$root")"
mkswap -q "$(part "$swap")" >/dev/null
mount -t ext4 "$(part "$root")" "$mnt"
if [ -n "${boot-}" ]; then
  mkfs.ext2 -q -L boot "$(part "$boot")"
  mkdir "$mnt/boot"
  mount -t ext2 "$(part "$boot")" "$mnt/boot"
fi
if [ -n "${home-}" ]; then
  mkfs.ext4 -q "$(part "$home")"
  mkdir "$mnt/home"
  mount -t ext4 "$(part "$home")" "$mnt/home"
fi
zstd -q -dc "$base/root.tar.zst" | tar -C "$mnt" --numeric-owner --xattrs -xf -

# Just the devices that the boot loader's installer looks at.
mount -t proc proc "$mnt/proc"
mount -t sysfs sysfs "$mnt/sys"
mount -t tmpfs -o mode=755 tmpfs "$mnt/dev"
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$mnt/dev/"; done
mkdir -p "$mnt/dev/disk/by-uuid"
cp -a "$loop" "$mnt/dev/"
for node in "$loop"p*; do
  cp -a "$node" "$mnt/dev/"
  id=$(blkid -p -s UUID -o value "$node" || true)
  [ -n "$id" ] && ln -s "../../${node#/dev/}" "$mnt/dev/disk/by-uuid/$id"
done

# --- The server itself ------------------------------------------------------------------------------------------------

echo "$host" >"$mnt/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$host" >"$mnt/etc/hosts"
echo 'nameserver 10.0.2.3' >"$mnt/etc/resolv.conf"
echo root:ironlift | in_root chpasswd
rm -f "$mnt/etc/machine-id"
in_root systemd-machine-id-setup >/dev/null 2>&1

interfaces=$mnt/etc/network/interfaces
stanza="iface $interface inet static
    address $address/24
    gateway 10.0.2.2"
case $kind in
  bios-ahci | bench)
    printf 'auto lo\niface lo inet loopback\n\nallow-hotplug %s\n%s\n' "$interface" "$stanza" >"$interfaces"
    cat >"$mnt/etc/fstab" <<'FSTAB'
# <file system> <mount point> <type> <options> <dump> <pass>
/dev/sda1 /    ext4 errors=remount-ro 0 1
/dev/sda2 none swap sw                0 0
/dev/sr0  /media/cdrom0 udf,iso9660 user,noauto 0 0
FSTAB
    echo 'RESUME=/dev/sda2' >"$mnt/etc/initramfs-tools/conf.d/resume"
    ;;
  uefi-gpt)
    printf 'auto lo\niface lo inet loopback\n' >"$interfaces"
    printf '[Match]\nName=%s\n\n[Network]\nAddress=%s/24\nGateway=10.0.2.2\n' "$interface" "$address" \
      >"$mnt/etc/systemd/network/20-lan.network"
    in_root systemctl -q enable systemd-networkd
    mkfs.fat -F 32 -s 1 -n ESP "$(part "$esp")" >/dev/null
    cat >"$mnt/etc/fstab" <<FSTAB
UUID=$(uuid "$root") / ext4 errors=remount-ro 0 1
UUID=$(uuid "$esp") /boot/efi vfat umask=0077 0 1
UUID=$(uuid "$swap") none swap sw 0 0
FSTAB
    echo "RESUME=UUID=$(uuid "$swap")" >"$mnt/etc/initramfs-tools/conf.d/resume"
    ;;
  split)
    printf 'auto lo\niface lo inet loopback\n\nauto %s\n%s\n' "$interface" "$stanza" >"$interfaces"
    # As an installation upgraded since Debian 7 has it.
    cat >"$mnt/etc/udev/rules.d/70-persistent-net.rules" <<RULES
# PCI device 0x8086:0x10d3 (e1000e)
SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="$mac", ATTR{dev_id}=="0x0", ATTR{type}=="1", KERNEL=="eth*", NAME="$interface"
RULES
    cat >"$mnt/etc/fstab" <<FSTAB
UUID=$(uuid "$root") / ext4 errors=remount-ro 0 1
LABEL=boot /boot ext2 defaults 0 2
/dev/disk/by-id/ata-WDC_WD5003ABYX-01WERA1_WD-WMAYP3841207-part7 /home ext4 defaults 0 2
/dev/sda6 none swap sw 0 0
FSTAB
    echo "RESUME=none" >"$mnt/etc/initramfs-tools/conf.d/resume"
    mkdir "$mnt/home/shared"
    echo 'kept' >"$mnt/home/shared/proof"
    ;;
  dracut)
    printf 'source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n' >"$interfaces"
    mkdir -p "$mnt/etc/network/interfaces.d"
    printf 'auto %s\n%s\n' "$interface" "$stanza" >"$mnt/etc/network/interfaces.d/lan"
    cat >"$mnt/etc/fstab" <<FSTAB
UUID=$(uuid "$root") / ext4 errors=remount-ro 0 1
UUID=$(uuid "$swap") none swap sw 0 0
FSTAB
    ;;
esac

if [ "$kind" = bios-ahci ]; then
  # Hardware agents in packages of the vendor's shape: a systemd unit each, and an old SysV script.
  package=$out/agents
  mkdir -p "$package"/{DEBIAN,sbin,lib/systemd/system,etc/init.d}
  cat >"$package/DEBIAN/control" <<'CONTROL'
Package: amsd
Version: 2.6.1-1675.1
Architecture: amd64
Maintainer: Hewlett Packard Enterprise
Description: Agentless Management Service for iLO
CONTROL
  for agent in amsd smad; do
    printf '#!/bin/sh\necho "%s: no iLO found" >&2\nsleep 2\nexit 1\n' "$agent" >"$package/sbin/$agent"
    chmod 755 "$package/sbin/$agent"
    cat >"$package/lib/systemd/system/$agent.service" <<UNIT
[Unit]
Description=HPE agentless management ($agent)

[Service]
ExecStart=/sbin/$agent
Restart=always

[Install]
WantedBy=multi-user.target
UNIT
  done
  cat >"$package/etc/init.d/hp-health" <<'SCRIPT'
#!/bin/sh
### BEGIN INIT INFO
# Provides:          hp-health
# Required-Start:    $local_fs
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: HP system health
### END INIT INFO
exit 0
SCRIPT
  chmod 755 "$package/etc/init.d/hp-health"
  dpkg-deb --root-owner-group -b "$package" "$mnt/amsd.deb" >/dev/null
  in_root dpkg -i /amsd.deb
  rm -rf "$mnt/amsd.deb" "$package"
  in_root systemctl -q enable amsd smad
  in_root update-rc.d hp-health defaults
fi

# --- The initramfs with one storage driver --------------------------------------------------------------------------

version=$(ls "$mnt/lib/modules")
if [ "$kind" = dracut ]; then
  rm -f "$mnt/etc/initramfs-tools/update-initramfs.conf"
  printf 'hostonly="yes"\nhostonly_mode="strict"\n' >"$out/hostonly.conf"
  mkdir -p "$mnt/etc/dracut.conf.d"
  # Only to get through the installation: its own image, made by dracut on its own hardware, comes at the end.
  printf 'hostonly="no"\ndrivers="ahci sd_mod ext4"\n' >"$mnt/etc/dracut.conf.d/installer.conf"
  install_debs dracut initramfs-tools- initramfs-tools-core- klibc-utils-
  in_root dpkg --purge initramfs-tools initramfs-tools-core >/dev/null 2>&1 || true
  in_root dracut -q --force "/boot/initrd.img-$version" "$version"
  rm "$mnt/etc/dracut.conf.d/installer.conf"
  mv "$out/hostonly.conf" "$mnt/etc/dracut.conf.d/10-hostonly.conf"
else
  sed -i 's/^MODULES=.*/MODULES=list/' "$mnt/etc/initramfs-tools/initramfs.conf"
  printf 'ahci\nsd_mod\next4\n' >>"$mnt/etc/initramfs-tools/modules"
  in_root update-initramfs -c -k "$version"
fi

# --- Boot loader ------------------------------------------------------------------------------------------------------

mkdir -p "$mnt/etc/default/grub.d"
{
  echo 'GRUB_TIMEOUT=1'
  case $kind in
    bios-ahci)
      # A rack server with a matrix of old habits: text screens, device names instead of UUIDs.
      echo 'GRUB_TERMINAL=console'
      echo 'GRUB_DISABLE_LINUX_UUID=true'
      echo 'GRUB_CMDLINE_LINUX="nomodeset"'
      ;;
    dracut) echo 'GRUB_TERMINAL=console' ;;
  esac
} >"$mnt/etc/default/grub.d/server.cfg"
if [ "$kind" = uefi-gpt ]; then
  install_debs grub-efi
  # As grub-install and shim leave it on a server whose firmware remembers the path in NVRAM: no EFI/BOOT.
  mkdir -p "$mnt/boot/efi" "$mnt/boot/grub"
  cp -r "$mnt/usr/lib/grub/x86_64-efi" "$mnt/boot/grub/"
  printf "search.fs_uuid %s root hd0,gpt2\nset prefix=(\$root)'/boot/grub'\nconfigfile \$prefix/grub.cfg\n" \
    "$(uuid "$root")" >"$out/grub.cfg"
  node=$(part "$esp")
  mmd -i "$node" ::EFI ::EFI/debian
  mcopy -i "$node" "$mnt/usr/lib/shim/shimx64.efi.signed" ::EFI/debian/shimx64.efi
  mcopy -i "$node" "$mnt/usr/lib/shim/mmx64.efi.signed" ::EFI/debian/mmx64.efi
  mcopy -i "$node" "$mnt/usr/lib/shim/fbx64.efi.signed" ::EFI/debian/fbx64.efi
  mcopy -i "$node" "$mnt/usr/lib/shim/BOOTX64.CSV" ::EFI/debian/BOOTX64.CSV
  mcopy -i "$node" "$mnt/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed" ::EFI/debian/grubx64.efi
  mcopy -i "$node" "$out/grub.cfg" ::EFI/debian/grub.cfg
  rm "$out/grub.cfg"
else
  install_debs grub-pc
  in_root grub-install --target=i386-pc "$loop"
fi
in_root update-grub
# The installer saw a loop device where the server has its first disk.
sed -i "s#root=${loop}p#root=/dev/sda#; s#${loop}p#/dev/sda#g" "$mnt/boot/grub/grub.cfg"
rm -f "$mnt/boot/grub/device.map"

# --- The benchmark's load: 3 GiB written, half of it deleted again ------------------------------------------------------

if [ "$kind" = bench ]; then
  mkdir -p "$mnt/srv/data"
  used=$(du -sxm "$mnt" | cut -f1)
  # Files of 25 MB, kept and deleted in turn; a third does not compress, the rest reads like a log.
  seq -f 'Nov 12 06:25:07 bench05 app[812]: request %.0f served from cache in 3 ms, session closed' 1 300000 >"$out/log"
  truncate -s 25000000 "$out/log"
  keep=$((1536 - used))
  index=0
  write_files() { # write_files NAME MEGABYTES
    local left=$2
    while [ "$left" -gt 0 ]; do
      index=$((index + 1))
      if [ $((index % 3)) = 0 ]; then
        head -c 25000000 /dev/urandom >"$mnt/srv/data/$1$index"
      else
        cp "$out/log" "$mnt/srv/data/$1$index"
      fi
      left=$((left - 25))
      [ -z "${3-}" ] || write_files "$3" 25
    done
  }
  write_files kept "$keep" gone
  write_files gone $((1536 - keep))
  sync
  rm "$mnt"/srv/data/gone* "$out/log"
fi

# --- Close up -----------------------------------------------------------------------------------------------------------

cp "$mnt/boot/vmlinuz-$version" "$out/vmlinuz"
cp "$mnt/boot/initrd.img-$version" "$out/initrd.img"
chmod 644 "$out/vmlinuz" "$out/initrd.img"
cat >"$out/facts.json" <<FACTS
{ "kernel": "$version", "rootUuid": "$(uuid "$root")", "hostName": "$host", "interface": "$interface",
  "address": "$address/24", "mac": "$mac", "rootPartition": $root }
FACTS
sync
umount -R "$mnt"
nodes=$(ls "$loop"p* 2>/dev/null || true)
e2fsck -fn "$(part "$root")" >/dev/null
losetup -d "$loop"
rm -f $nodes
loop=
