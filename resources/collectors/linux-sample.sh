# Measures this server again and again: prints the counters of the kernel, the space on its volumes and its busiest
# programs, until it is stopped. Needs no root, writes no file. Plain POSIX sh, busybox too; kernels from 2.6 on.
#   linux-sample.sh TOKEN SECONDS [SAMPLES [SLOW]]
# TOKEN   a word that nobody else can print: lines that begin with it are ours, all others are data
# SECONDS between samples
# SAMPLES how many, 0 or nothing: until it is stopped
# SLOW    every how many samples devices and volumes are looked at again
token=$1
interval=$2
samples=${3:-0}
slow=${4:-1}
LC_ALL=C
PATH=$PATH:/sbin:/usr/sbin:/bin:/usr/bin
export LC_ALL PATH

part() {
  printf '%s %s\n' "$token" "$1" || exit 0
}

# What hardware is behind a name, for sums must not count a disk and the volume on it.
devices() {
  part disks
  for device in /sys/block/*; do
    [ -e "$device/device" ] || continue
    hidden=0
    [ -r "$device/hidden" ] && read -r hidden <"$device/hidden"
    [ "$hidden" = 1 ] || printf '%s\n' "${device##*/}"
  done
  part nics
  for device in /sys/class/net/*; do
    [ -e "$device/device" ] && printf '%s\n' "${device##*/}"
  done
}

# A folder of a volume may lie in one of a file server, and wait with it: without the volumes a sample is still one. Of
# coreutils since 7.0; BusyBox took the seconds as `-t` until 1.30. Without it nothing is bounded here.
limit='timeout -s KILL 10'
$limit true >/dev/null 2>&1 || limit='timeout -s KILL -t 10'
$limit true >/dev/null 2>&1 || limit=

# Volumes on devices of this server only: df would wait for ever for a file server that has gone.
volumes() {
  part volumes
  set --
  while read -r device folder kind rest; do
    case $device in
      /dev/loop* | /dev/sr*) continue ;;
      /dev/*) ;;
      *) [ "$kind" = zfs ] || continue ;;
    esac
    [ $# -lt 512 ] || break
    # /proc/mounts writes blanks as \040; what has other escapes is left out.
    case $folder in
      *\\040*) folder=$(printf '%s\n' "$folder" | sed 's/\\040/ /g') ;;
    esac
    set -- "$@" "$folder"
  done </proc/mounts
  # shellcheck disable=SC2086 # several words on purpose
  [ $# -eq 0 ] || $limit df -P -k "$@" 2>/dev/null
}

# Adds up what each program used since the last sample. `known` is kept from sample to sample: one line for each process
# with its number, when it started, and the ticks it had used. A program is known by its name of 15 letters.
# shellcheck disable=SC2016 # $ is awk's
busiest='
/^=known$/ { current = 1; next }
!current { before[$1 " " $2] = $3; next }
{
  if (!match($0, /\(.*\) /)) next
  name = substr($0, RSTART + 1, RLENGTH - 3)
  id = $1
  if (split(substr($0, RSTART + RLENGTH), field, " ") < 22) next
  key = id " " field[20]
  ticks = field[12] + field[13]
  print "=" key " " ticks
  used[name] += (key in before) ? ticks - before[key] : ticks
  pages[name] += field[22]
}
END {
  for (round = 0; round < 10; round++) {
    best = ""; most = 0
    for (name in used) if (!(name in shown) && used[name] > most) { best = name; most = used[name] }
    if (most == 0) break
    shown[best] = 1
    printf "%d %.0f %s\n", used[best], pages[best], best
  }
  for (round = 0; round < 10; round++) {
    best = ""; most = 0
    for (name in pages) if (!(name in large) && pages[name] > most) { best = name; most = pages[name] }
    if (most == 0) break
    large[best] = 1
    if (!(best in shown)) printf "%d %.0f %s\n", used[best], pages[best], best
  }
}'

known=
processes() {
  found=$({
    printf '%s\n=known\n' "$known"
    cat /proc/[0-9]*/stat 2>/dev/null
  } | awk "$busiest" 2>/dev/null)
  # The first time nothing is known: every process would seem to have used in this interval what it used in its life.
  [ -z "$known" ] || {
    part processes
    printf '%s\n' "$found" | sed '/^=/d'
  }
  known=$(printf '%s\n' "$found" | sed -n 's/^=//p')
}

sample() {
  read -r uptime rest </proc/uptime
  part "sample $uptime $(date +%s)"
  part stat
  sed -n '/^cpu /p;/^ctxt /p;/^btime /p;/^procs_/p' /proc/stat
  part meminfo
  cat /proc/meminfo
  part vmstat
  sed -n '/^pswp/p' /proc/vmstat
  part loadavg
  cat /proc/loadavg
  part diskstats
  cat /proc/diskstats
  part net
  cat /proc/net/dev
  processes
}

[ -r /proc/stat ] && [ -r /proc/uptime ] || exit 3
part "machine $(uname -m) $(getconf PAGESIZE 2>/dev/null || echo 4096) $(grep -c '^cpu[0-9]' /proc/stat)"
count=0
read -r started rest </proc/uptime
due=${started%.*}
while :; do
  sample
  [ $((count % slow)) -ne 0 ] || {
    devices
    volumes
  }
  part end
  count=$((count + 1))
  [ "$count" != "$samples" ] || exit 0
  # At the pace that was asked for, however long a sample takes; a server that cannot keep it gets a second of rest.
  due=$((due + interval))
  read -r now rest </proc/uptime
  pause=$((due - ${now%.*}))
  [ "$pause" -ge 1 ] || {
    pause=1
    due=$((${now%.*} + 1))
  }
  sleep "$pause"
done
