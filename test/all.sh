#!/usr/bin/env bash
# Installs what the tests need and runs every one of them, the quick ones first. `npm run test:all`.
set -euo pipefail
cd "$(dirname "$0")/.."
bash test/setup.sh
npm run lint
npm run typecheck
npm run build
for project in unit tools e2e fuzz boot; do
  echo "== $project tests =="
  npx vitest run --project "$project"
done
