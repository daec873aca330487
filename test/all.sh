#!/usr/bin/env bash
# Installs what the tests need and runs every one of them, the quick ones first. `npm run test:all`.
set -euo pipefail
cd "$(dirname "$0")/.."
bash test/setup.sh
npm run lint
npm run typecheck
for project in unit tools fuzz boot; do
  echo "== $project tests =="
  npx vitest run --project "$project"
done
