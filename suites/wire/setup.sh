#!/usr/bin/env bash
# Installs the gRPC-Web client of npm with what it needs to run in node, and prints the folder that has it:
#   export MLMD_WEB_CLIENTS=$(suites/wire/setup.sh)
# Takes the folder to make it in (suites/wire/.venv if none is given), where the suite finds it by itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}
mkdir -p "$folder"
if ! cmp -s "$here/testdata/web/package.json" "$folder/package.json" || [ ! -d "$folder/node_modules/grpc-web" ]; then
	cp "$here/testdata/web/package.json" "$folder/"
	npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund >&2
fi
echo "$folder"
