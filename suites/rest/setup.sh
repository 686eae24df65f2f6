#!/usr/bin/env bash
# Installs two releases of the model registry's Python client, each into an environment of its own, and prints the
# folder that has them:
#   export MLMD_REST_CLIENTS=$(suites/rest/setup.sh)
# Takes the folder to make them in (suites/rest/.venv if none is given), where the suite finds them by itself.
# PYTHON names an interpreter, from 3.10 to 3.12.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}

for release in 0.3.18 0.3.11; do
	interpreter=$folder/$release/bin/python
	if ! "$interpreter" -c 'import model_registry' >/dev/null 2>&1; then
		"${PYTHON:-python3}" -m venv "$folder/$release"
		"$interpreter" -m pip install --quiet --disable-pip-version-check "model-registry==$release" >&2
	fi
done
echo "$folder"
