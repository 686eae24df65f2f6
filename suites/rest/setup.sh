#!/usr/bin/env bash
# Installs two releases of the model registry's Python client and the programs that read OpenAPI documents, each
# into an environment of its own, and prints the folder that has them:
#   export MLMD_REST_CLIENTS=$(suites/rest/setup.sh)
# Takes the folder to make them in (suites/rest/.venv if none is given), where the suite finds them by itself.
# PYTHON names an interpreter, from 3.10 to 3.12.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}

# install NAME MODULE PACKAGE… makes the environment NAME unless it has the module.
install() {
	local interpreter=$folder/$1/bin/python
	if ! "$interpreter" -c "import $2" >/dev/null 2>&1; then
		"${PYTHON:-python3}" -m venv "$folder/$1"
		"$interpreter" -m pip install --quiet --disable-pip-version-check "${@:3}" >&2
	fi
}
for release in 0.3.18 0.3.11; do
	install "$release" model_registry "model-registry==$release"
done
install openapi openapi_python_client schemathesis==4.32.5 openapi-spec-validator==0.9.0 openapi-python-client==0.29.1
echo "$folder"
