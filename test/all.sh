#!/usr/bin/env bash
# Installs what the tests need and runs every one of them. `npm run test:all`.
set -euo pipefail
cd "$(dirname "$0")/.."
bash test/setup.sh
npm run lint
npm run typecheck
npx vitest run
