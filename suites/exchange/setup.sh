#!/usr/bin/env bash
# Installs the clients of the formats that lineage is exported in into an environment, and prints its folder:
#   export MLMD_EXCHANGE_CLIENTS=$(suites/exchange/setup.sh)
# Takes the folder to make (suites/exchange/.venv if none is given), where the suite finds it by itself.
set -euo pipefail
folder=${1:-$(cd "$(dirname "$0")" && pwd)/.venv}
if ! "$folder/bin/python" -c 'import openlineage.client, cyclonedx.validation, jsonschema' >/dev/null 2>&1; then
	"${PYTHON:-python3}" -m venv "$folder"
	"$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
		openlineage-python==1.54.0 'cyclonedx-python-lib[json-validation]==11.12.0' >&2
fi
echo "$folder"
