#!/bin/sh
# Ironlift: asks a Unix server what it is. It reads, changes nothing, leaves no file, and writes to standard output only.
#
#   sh linux.sh > server.txt                as root where possible; some facts are for root alone
#   ssh root@server sh -s < linux.sh        the same from elsewhere
#   sh linux.sh --sudo                      tools that need root are run by `sudo -n` (or IRONLIFT_SUDO=1)
#   sh linux.sh --quick                     without software, initramfs and vendor tools (or IRONLIFT_QUICK=1)
#
# Frame. Each line of output of a tool gets `|` in front, each line of its errors `!`; lines that begin with `@` are ours.
# So nothing a tool prints can be taken for a frame, and there is nothing to escape:
#   @ironlift-linux 1     @begin NAME     |...     !...     @end NAME STATUS     @done
# Empty lines mean nothing: one stands before `@end` in case the last line was not ended.
#
# Written for the shells of 2005 as for those of today: no `local`, no arrays, nothing outside the shell is taken for granted.

LC_ALL=C
LANG=C
LANGUAGE=C
S_TIME_FORMAT=ISO
export LC_ALL LANG LANGUAGE S_TIME_FORMAT
umask 077

NEWLINE='
'

have() { command -v "$1" >/dev/null 2>&1; }

# The shell's own `cat` and `sed s/^/X/`, for systems that have neither, or not in the path.
mark_slowly() {
  while IFS= read -r line || [ -n "$line" ]; do printf '%s%s\n' "$1" "$line"; done
}
mark_by_sed() { sed "s/^/$1/"; }
show_slowly() {
  while IFS= read -r line || [ -n "$line" ]; do printf '%s\n' "$line"; done <"$1"
}

prepare() {
  if [ "$(echo x 2>/dev/null | sed 's/^/|/' 2>/dev/null)" = '|x' ]; then mark=mark_by_sed; else mark=mark_slowly; fi
  # Of coreutils since 7.0; BusyBox took the seconds as `-t` until 1.30. Without it nothing is bounded here.
  if timeout -s KILL 5 true >/dev/null 2>&1; then
    limit='timeout -s KILL'
  elif timeout -s KILL -t 5 true >/dev/null 2>&1; then
    limit='timeout -s KILL -t'
  else
    limit=
  fi
  user=$(id -u 2>/dev/null)
  root=
  if [ "$sudo" = 1 ] && [ "$user" != 0 ] && have sudo; then root='sudo -n'; fi
  # Who is not root cannot stop what root runs; where sudo allows it, root does.
  root_limit=
  # shellcheck disable=SC2086 # several words on purpose
  if [ -n "$root" ] && [ -n "$limit" ] && $root $limit 5 true >/dev/null 2>&1 </dev/null; then
    root_limit="$root $limit"
  fi
}

# section NAME COMMAND...: a command or a function of this script.
section() {
  name=$1
  shift
  printf '@begin %s\n' "$name"
  # Output goes out by descriptor 4 at once; errors and, last, the status are caught.
  caught=$({ {
    "$@" 2>&3 3>&- 4>&- </dev/null
    printf '\n%s' "$?" >&3
  } | "$mark" '|' >&4 3>&-; } 3>&1)
  status=${caught##*"$NEWLINE"}
  caught=${caught%"$NEWLINE"*}
  if [ -n "$caught" ]; then printf '%s\n' "$caught" | "$mark" '!'; fi
  printf '\n@end %s %s\n' "$name" "$status"
}

bounded() {
  seconds=$1
  shift
  # shellcheck disable=SC2086 # several words on purpose
  if [ -n "$limit" ]; then $limit "$seconds" "$@"; else "$@"; fi
}

# The same for what needs root.
root_bounded() {
  seconds=$1
  shift
  # shellcheck disable=SC2086
  if [ -n "$root_limit" ]; then $root_limit "$seconds" "$@"; else bounded "$seconds" $root "$@"; fi
}

# tool NAME SECONDS COMMAND...: nothing at all where the command is not installed.
tool() {
  if have "$3"; then
    label=$1
    seconds=$2
    shift 2
    section "$label" bounded "$seconds" "$@"
  fi
}

# The same for what needs root.
root_tool() {
  if have "$3"; then
    label=$1
    seconds=$2
    shift 2
    section "$label" root_bounded "$seconds" "$@"
  fi
}

show() {
  if have cat; then bounded 20 cat "$1"; else show_slowly "$1"; fi
}

# Files by their path; those that are not there are left away.
files() {
  for file in "$@"; do
    if [ -f "$file" ] && [ -r "$file" ]; then section "file:$file" show "$file"; fi
  done
}

# facts FILE...: first line of small files, `path TAB value`. Paths in /sys and /proc hold no tab.
facts() {
  for file in "$@"; do
    if [ -f "$file" ] && [ -r "$file" ]; then
      value=
      IFS= read -r value <"$file" 2>/dev/null
      printf '%s\t%s\n' "$file" "$value"
    fi
  done
}

# places LINK...: where links to folders lead, `path TAB target`.
places() {
  for place in "$@"; do
    if [ -d "$place" ]; then
      printf '%s\t%s\n' "$place" "$(cd "$place" 2>/dev/null && pwd -P)"
    fi
  done
}

names() {
  for path in "$@"; do
    if [ -e "$path" ]; then printf '%s\n' "$path"; fi
  done
}

about_run() {
  printf 'user\t%s\n' "$user"
  printf 'sudo\t%s\n' "$root"
  printf 'timeout\t%s\n' "$limit"
  printf 'path\t%s\n' "$PATH"
}

about_virtual() {
  names /.dockerenv /run/.containerenv /proc/vz /proc/bc /proc/xen/capabilities /proc/xen/privcmd /dev/lxd/sock
  facts /sys/hypervisor/type /sys/hypervisor/uuid /proc/xen/capabilities /run/systemd/container
}

about_firmware() {
  names /sys/firmware/efi /sys/firmware/acpi /proc/device-tree
  for variable in /sys/firmware/efi/efivars/SecureBoot-* /sys/firmware/efi/vars/SecureBoot-*/data; do
    if [ -r "$variable" ]; then
      # Four octets of attributes, then the value (the older vars/ has the value alone).
      printf '%s\t%s\n' "$variable" "$(od -An -tu1 "$variable" 2>/dev/null)"
    fi
  done
}

about_blocks() {
  # Until 2.6 IDE drives of all kinds looked alike in /sys.
  facts /proc/ide/hd*/media
  for block in /sys/block/*; do
    [ -d "$block" ] || continue
    case $block in /sys/block/ram* | /sys/block/loop*) continue ;; esac
    facts "$block"/dev "$block"/size "$block"/removable "$block"/ro "$block"/wwid "$block"/serial \
      "$block"/queue/rotational "$block"/queue/logical_block_size "$block"/queue/hw_sector_size \
      "$block"/device/vendor "$block"/device/model "$block"/device/serial "$block"/device/wwid \
      "$block"/device/transport "$block"/device/type "$block"/dm/name "$block"/dm/uuid \
      "$block"/md/level "$block"/md/array_state "$block"/md/raid_disks
    places "$block" "$block"/device
    names "$block"/slaves/* "$block"/holders/*
    for part in "$block"/*/partition "$block"/*/start; do
      [ -f "$part" ] || continue
      part=${part%/*}
      facts "$part"/dev "$part"/size "$part"/start "$part"/partition
      names "$part"/holders/*
    done
  done
}

about_nics() {
  for nic in /sys/class/net/*; do
    [ -d "$nic" ] || continue
    facts "$nic"/address "$nic"/addr_assign_type "$nic"/mtu "$nic"/speed "$nic"/operstate "$nic"/carrier "$nic"/type \
      "$nic"/bonding/mode "$nic"/bonding/slaves "$nic"/bridge/bridge_id "$nic"/tun_flags "$nic"/bonding_slave/perm_hwaddr
    places "$nic" "$nic"/device "$nic"/device/driver
    names "$nic"/brif/* "$nic"/lower_* "$nic"/wireless
  done
}

about_pci() {
  for device in /sys/bus/pci/devices/*; do
    [ -d "$device" ] || continue
    facts "$device"/vendor "$device"/device "$device"/subsystem_vendor "$device"/subsystem_device "$device"/class \
      "$device"/boot_vga "$device"/label
    places "$device"/driver
  done
}

about_usb() {
  for device in /sys/bus/usb/devices/*; do
    [ -f "$device"/idVendor ] || continue
    facts "$device"/idVendor "$device"/idProduct "$device"/manufacturer "$device"/product "$device"/busnum \
      "$device"/devnum "$device"/bDeviceClass
    places "$device"/driver
    for interface in "$device":*; do places "$interface"/driver; done
  done
}

about_adapters() {
  for host in /sys/class/fc_host/*; do
    facts "$host"/port_name "$host"/node_name "$host"/speed "$host"/port_state "$host"/port_type "$host"/symbolic_name
    places "$host" "$host"/device
  done
  for host in /sys/class/scsi_host/*; do
    facts "$host"/proc_name "$host"/model_name "$host"/modelname "$host"/model "$host"/firmware_revision \
      "$host"/version_fw "$host"/fwrev "$host"/board_name "$host"/version_product
    places "$host"
  done
  places /sys/class/sas_host/* /sys/class/iscsi_host/*
  facts /sys/class/iscsi_host/*/initiatorname /sys/class/iscsi_session/*/targetname
}

about_modules() {
  for module in /sys/module/*; do
    # Those with `initstate` are loaded, the others built in.
    if [ -f "$module"/version ]; then facts "$module"/version; fi
    if [ -d "$module"/drivers ]; then names "$module"/drivers/*; fi
  done
}

about_displays() {
  facts /proc/fb /sys/class/graphics/fb*/name
  places /sys/class/drm/card*/device/driver
}

loaded_modules() {
  while read -r module _; do
    case $module in *[!A-Za-z0-9_]* | '') ;; *) printf ' %s' "$module" ;; esac
  done </proc/modules
}

about_module_files() {
  # shellcheck disable=SC2046
  bounded 60 modinfo $(loaded_modules) | grep -E '^(filename|version|author):'
}

about_initramfs() {
  kernel=$(uname -r)
  for image in "/boot/initrd.img-$kernel" "/boot/initramfs-$kernel.img" "/boot/initrd-$kernel" "/boot/initrd-$kernel.img"; do
    [ -f "$image" ] || continue
    printf '%s\n' "$image"
    if have lsinitramfs; then
      root_bounded 60 lsinitramfs "$image" | grep '\.ko'
    elif have lsinitrd; then
      root_bounded 60 lsinitrd "$image" | grep '\.ko'
    fi
    break
  done
}

about_boot_messages() {
  root_bounded 20 dmesg | grep -iE 'disabled by (the )?(bios|firmware)|(vmx|svm|virtualization).*disabled|secure ?boot' |
    { i=0; while [ $i -lt 50 ] && IFS= read -r line; do printf '%s\n' "$line"; i=$((i + 1)); done; }
}

# Without locks and hints, which are files. Both options are younger than LVM2 itself: the second try is for RHEL 4 to 6.2.
list_lvs() {
  root_bounded 20 lvs "$@" --noheadings --nosuffix --units b --separator '|' -o vg_name,lv_name,lv_size,segtype,devices
}
about_lvs() {
  list_lvs --readonly --config 'devices{hints="none"}' || list_lvs --ignorelockingfailure
}

about_runlevels() { names /etc/rc[2-5].d/S* /etc/rc.d/rc[2-5].d/S* /etc/init.d/*; }

about_installation() {
  if have rpm; then bounded 20 rpm -q --qf 'rpm\t%{INSTALLTIME}\n' basesystem; fi
  if have stat && [ -d /var/log/installer ]; then printf 'installer\t%s\n' "$(stat -c %Y /var/log/installer)"; fi
}

ask_system() {
  section run about_run
  # First, for the clock is compared with ours.
  tool date 5 date '+%s %z %Z'
  tool uname 5 uname -a
  tool uname-release 5 uname -r
  tool uname-machine 5 uname -m
  tool uname-system 5 uname -s
  tool hostname 5 hostname
  tool fqdn 10 hostname -f
  files /proc/sys/kernel/hostname /proc/sys/kernel/osrelease /proc/uptime
  files /etc/os-release /usr/lib/os-release /etc/redhat-release /etc/SuSE-release /etc/debian_version /etc/lsb-release \
    /etc/alpine-release /etc/oracle-release /etc/gentoo-release /etc/slackware-version \
    /etc/system-release /etc/timezone /etc/sysconfig/clock
  if [ -L /etc/localtime ]; then tool localtime 5 readlink -f /etc/localtime; fi
  section installation about_installation
}

ask_hardware() {
  section dmi facts /sys/class/dmi/id/*
  root_tool dmidecode 30 dmidecode
  section firmware about_firmware
  tool secure-boot 10 mokutil --sb-state
  files /proc/cpuinfo /proc/meminfo
  tool lscpu 10 lscpu
  section boot-messages about_boot_messages
  section virtual about_virtual
  tool detect-virt 10 systemd-detect-virt
  tool virt-what 10 virt-what
  section pci about_pci
  tool lspci 30 lspci -D -vmmnnk
  section usb about_usb
  tool lsusb 20 lsusb
}

ask_drivers() {
  files /proc/modules
  section modules about_modules
  if have modinfo && [ -r /proc/modules ]; then section modinfo about_module_files; fi
  if [ "$quick" != 1 ]; then section initramfs about_initramfs; fi
  section display about_displays
}

ask_storage() {
  section blocks about_blocks
  files /proc/partitions /proc/mdstat /proc/mounts
  tool lsblk-json 30 lsblk -J -O -b
  tool lsblk-pairs 30 lsblk -P -b -o NAME,KNAME,MAJ:MIN,FSTYPE,MOUNTPOINT,LABEL,UUID,RM,SIZE,RO,MODEL,TYPE
  # Without `-c` it writes its cache.
  root_tool blkid 30 blkid -c /dev/null
  tool df 20 df -P -k -l -T
  if have lvs; then section lvs about_lvs; fi
  for array in /sys/block/md*; do
    if [ -d "$array" ]; then root_tool "mdadm:${array##*/}" 10 mdadm --detail "/dev/${array##*/}"; fi
  done
  root_tool multipath 30 multipath -ll
  section adapters about_adapters
}

# Vendors' tools drop log files where they stand; in /proc nothing can be dropped, and those that can be told not to are told.
ask_raid() {
  PATH=$PATH:/opt/MegaRAID/storcli:/opt/MegaRAID/storcli2:/opt/MegaRAID/perccli:/opt/MegaRAID/perccli2:/opt/MegaRAID/MegaCli
  PATH=$PATH:/opt/lsi/storcli:/opt/hp/hpssacli/bld:/opt/smartstorageadmin/ssacli/bin:/opt/compaq/hpacucli/bld
  PATH=$PATH:/usr/StorMan:/usr/Arcconf:/opt/Arcconf
  for cli in storcli64 storcli storcli2 perccli64 perccli perccli2; do
    if have "$cli"; then
      root_tool "storcli:$cli" 90 "$cli" /call show all J nolog
      root_tool "storcli-disks:$cli" 90 "$cli" /call/eall/sall show all J nolog
    fi
  done
  for cli in MegaCli64 MegaCli megacli; do
    if have "$cli"; then
      root_tool "megacli-volumes:$cli" 90 "$cli" -LDInfo -LAll -aAll -NoLog
      root_tool "megacli-disks:$cli" 90 "$cli" -PDList -aAll -NoLog
      root_tool "megacli-adapters:$cli" 90 "$cli" -AdpAllInfo -aAll -NoLog
      break
    fi
  done
  for cli in ssacli hpssacli hpacucli; do
    if have "$cli"; then
      root_tool "ssacli:$cli" 90 "$cli" ctrl all show config detail
      break
    fi
  done
  for number in 1 2 3 4; do root_tool "arcconf:$number" 60 arcconf getconfig "$number" nologs; done
  root_tool tw_cli 60 tw_cli show
  for number in 0 1 2 3; do
    root_tool "tw_cli:$number" 60 tw_cli "/c$number" show
    root_tool "sas2ircu:$number" 60 sas2ircu "$number" display
    root_tool "sas3ircu:$number" 60 sas3ircu "$number" display
  done
  root_tool mpt-status 60 mpt-status -n -s
  root_tool megasasctl 60 megasasctl
}

ask_network() {
  section nics about_nics
  tool ip-json 20 ip -j -d addr
  tool ip-address 20 ip -d addr
  tool ip-route 20 ip route
  tool ip-route6 20 ip -6 route
  tool ifconfig 20 ifconfig -a
  files /proc/net/bonding/* /proc/net/vlan/config /proc/net/route
  for nic in /sys/class/net/*; do
    nic=${nic##*/}
    if [ -e "/sys/class/net/$nic/device" ]; then
      case $nic in
        -* | *[!A-Za-z0-9._@-]*) ;;
        *)
          tool "ethtool-permanent:$nic" 10 ethtool -P "$nic"
          tool "ethtool-driver:$nic" 10 ethtool -i "$nic"
          root_tool "ethtool:$nic" 10 ethtool "$nic"
          ;;
      esac
    fi
  done
  root_tool ss 20 ss -tunap
  # Where ss is missing, or as old as RHEL 4; its own children are no evidence.
  root_tool netstat 30 netstat -tunap
  files /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6
}

ask_programs() {
  tool unit-files 30 systemctl list-unit-files --type=service --no-legend --no-pager
  tool units 30 systemctl list-units --type=service --all --no-legend --no-pager --full
  tool chkconfig 20 chkconfig --list
  tool upstart 20 initctl list
  tool openrc 20 rc-status --all
  section runlevels about_runlevels
  # The paths of resources/agents/linux.json; a test compares.
  section agent-paths names /opt/hp/hp-health /opt/hp/hp-snmp-agents /opt/hp/hp-ams /opt/hp/hpsmh /opt/dell/srvadmin \
    /opt/dell/srvadmin/iSM /opt/ibm/director /opt/IBM/director /usr/RaidMan /opt/Supermicro/SuperDoctor5 \
    /etc/srvmagt /opt/fujitsu/ServerViewSuite /usr/StorMan /opt/3ware /opt/emulex \
    /usr/sbin/ocmanager
  if [ "$quick" != 1 ]; then
    # shellcheck disable=SC2016 # for dpkg-query, not for the shell
    tool dpkg 60 dpkg-query -W -f '${Package}\t${Version}\t${Status}\n'
    tool rpm 120 rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t%{VENDOR}\n'
    tool apk 30 apk info -v
    tool pacman 30 pacman -Q
  fi
}

main() {
  sudo=${IRONLIFT_SUDO:-0}
  quick=${IRONLIFT_QUICK:-0}
  for argument in "$@"; do
    case $argument in
      --sudo) sudo=1 ;;
      --quick) quick=1 ;;
      *)
        echo "linux.sh: unknown argument: $argument" >&2
        exit 2
        ;;
    esac
  done
  PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin
  export PATH
  exec 4>&1
  cd /proc 2>/dev/null || cd /
  prepare
  echo '@ironlift-linux 1'
  ask_system
  ask_hardware
  ask_drivers
  ask_storage
  ask_network
  ask_programs
  if [ "$quick" != 1 ]; then ask_raid; fi
  echo '@done'
}

# All is read before anything is done: a transfer that broke off does nothing.
main "$@"
