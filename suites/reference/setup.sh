#!/usr/bin/env bash
# Makes a Python environment with the published core of MLMD and prints its interpreter, for MLMD_PYTHON:
#   export MLMD_PYTHON=$(suites/reference/setup.sh)
# Takes the folder to make it in (suites/reference/.venv if none is given), where the suites find it by themselves.
# The package exists for Python 3.9 to 3.11; PYTHON names an interpreter of that age where the default is younger.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}
interpreter=$folder/bin/python

works() { "$1" -c 'import grpc, ml_metadata' >/dev/null 2>&1; }

if ! works "$interpreter"; then
	for python in ${PYTHON:-python3 python3.11 python3.10 python3.9}; do
		if "$python" -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))' >/dev/null 2>&1; then
			found=$python
			break
		fi
	done
	if [ -z "${found:-}" ]; then
		echo "setup.sh: ml-metadata 1.17.1 needs Python 3.9, 3.10 or 3.11; name one with PYTHON=…" >&2
		exit 1
	fi
	"$found" -m venv "$folder"
	"$interpreter" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
	works "$interpreter" || { echo "setup.sh: ml-metadata is installed in $folder but cannot be imported" >&2; exit 1; }
fi
# The model registry's clients that spoke to an MLMD server. They ask for Python below 3.11 and work with it.
for release in 0.1.0 0.1.2; do
	clients=$(dirname "$interpreter")/../model-registry-$release
	[ -d "$clients" ] || "$interpreter" -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
		--target "$clients" "model-registry==$release" >&2
done
echo "$interpreter"
