#!/usr/bin/env bash
# Installs the language server for YAML that editors use, and prints the folder that has it:
#   export MLMD_YAML_SERVER=$(suites/editor/setup.sh)
# Takes the folder to make it in (suites/editor/.venv if none is given), where the suite finds it by itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}
mkdir -p "$folder"
if ! cmp -s "$here/testdata/package.json" "$folder/package.json" || [ ! -d "$folder/node_modules/yaml-language-server" ]; then
	cp "$here/testdata/package.json" "$folder/"
	npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund >&2
fi
echo "$folder"
