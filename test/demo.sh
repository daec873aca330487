#!/usr/bin/env bash
# The main job on a real disk: builds a Debian server, shows what is on it, converts it and boots the result.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
bash test/setup.sh
echo "Building the disk of a Debian 12 server that knows only AHCI (a few minutes the first time) ..."
disk=$(node test/support/build-guest.ts bios-ahci)
out=${1:-out/demo}
node bin/ironlift.js inspect "$disk"
node bin/ironlift.js convert "$disk" --to kvm -o "$out" --force
node bin/ironlift.js boot-test "$out"
