#!/usr/bin/env bash
# Installs what the tests need beside Node: the programs that make test disks and the independent judges of our results.
# Debian 12, as root. The program itself needs none of these, except QEMU for `ironlift boot-test`.
set -euo pipefail

packages=(
  e2fsprogs          # mkfs.ext4 makes, e2fsck and debugfs judge ext file systems
  dosfstools mtools  # mkfs.fat makes, fsck.fat and mcopy judge FAT file systems
  fdisk gdisk parted # make and judge partition tables
  util-linux kmod    # losetup and mount for kernel judgement; depmod, modinfo
  qemu-utils         # qemu-img judges disk images and is the peer of the benchmark
  7zip python3-libvhdi # read VHD, VHDX and VDI a second and a third way: sector bitmaps and parents, which QEMU does not know
  qemu-system-x86 ovmf # boots the results, BIOS and UEFI; its storage daemon serves disks with defects
  debootstrap        # builds the Debian servers that are converted
  tabix              # bgzip: gzip in members that can be read at any place
  ewf-tools pigz     # ewfacquire makes, ewfverify judges EnCase images; disks packed in parallel
  cpio gzip xz-utils zstd lz4 # make initramfs images of every compression
  libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu libxml2-utils # judge libvirt XML and .vmx
  cryptsetup-bin lvm2 xfsprogs btrfs-progs ntfs-3g # make volumes that must be recognised or refused
  wimtools sleuthkit # wimlib packs files as CompactOS does; second readers of NTFS
  genisoimage libarchive-tools # make and read CD images: ISO 9660 with Rock Ridge, Joliet, UDF
  bcache-tools exfatprogs f2fs-tools mdadm squashfs-tools xorriso # the same: one volume of each kind
  attr acl quota     # put attributes and quotas on test volumes, and read them back
  nsis               # writes the stand-in of Electron's Windows program that packages are tried with
  chromium           # shows the page; judges what a browser lets other pages do
  shellcheck openssl # judge import scripts, the manifest of an OVA, and the signers of driver catalogues
  openssh-server openssh-client # serve and judge collecting over SSH, on a port of this machine
  tcsh               # a login shell that is no sh
  sysstat            # sar judges what is measured
  sudo dmidecode pciutils iproute2 # what the collector asks on a server; judges of its answers
  strace procps      # show how the program opens its source, and record what QEMU writes to an image
  udev selinux-utils python3-yaml # second readers: names of network cards, SELinux labels, YAML
  sqlite3            # judges engagement files
  sysstat collectl   # record performance, and judge what we read of it
  python3            # computes the content digest a second way
  busybox-static dash # a small init for small guests; the oldest and the strictest shell the collector must run in
  pciutils usbutils dmidecode lshw iproute2 ethtool # second readers of the hardware our collector lists
  pci.ids usb.ids    # what resources/devices is made from, and compared with
  libhivex-bin libwin-hivex-perl # hivexsh, hivexml and hivexregedit make and judge registry hives
  python3-libregf    # reads registry hives a second way
  gcab cabextract    # make and judge cabinets, as the driver cache of old Windows is made of them
  binutils           # objdump judges what we read of driver files
  poppler-utils qpdf # judge PDF: text, pages, fonts, tags; the structure of the file
  libreoffice-calc python3-openpyxl python3-jsonschema # open workbooks of reports, and judge their JSON
  imagemagick        # screenshots to PNG where QEMU gives PPM
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "All ${#packages[@]} packages are installed."
  exit 0
fi
echo "Installing: ${missing[*]}"
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
