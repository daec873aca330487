#!/usr/bin/env bash
# Installs what the tests need and runs every one of them, the quick ones first. `npm run test:all`.
set -euo pipefail
cd "$(dirname "$0")/.."
bash test/setup.sh
# Reading all of the code takes one processor minutes; the compiler has the other one meanwhile.
log=$(mktemp)
npm run lint >"$log" 2>&1 &
lint=$!
npm run typecheck
npm run build
if ! wait "$lint"; then
  cat "$log"
  exit 1
fi
cat "$log"
rm "$log"
for project in unit tools e2e fuzz boot; do
  echo "== $project tests =="
  npx vitest run --project "$project"
done
# The same journeys in Electron, where its own program is installed (its install script fetches it).
if [ -x node_modules/electron/dist/electron ]; then
  echo '== e2e tests in Electron =='
  xvfb-run --auto-servernum npm run test:electron
else
  echo '== e2e tests in Electron: SKIPPED, its program is not installed =='
fi
