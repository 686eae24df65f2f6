#!/usr/bin/env bash
# Makes a Python environment with MLflow's model registry and what it needs for SQLite, and prints its interpreter.
# Takes the folder to make it in (bench/compare/.venv if none is given), where the benchmark finds it by itself.
# PYTHON names an interpreter, of at least 3.10.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}
interpreter=$folder/bin/python

works() { "$interpreter" -c 'import mlflow.store.model_registry.sqlalchemy_store' >/dev/null 2>&1; }

if ! works; then
	"${PYTHON:-python3}" -m venv "$folder"
	"$interpreter" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
	works || { echo "setup.sh: MLflow is installed in $folder but cannot be imported" >&2; exit 1; }
fi
echo "$interpreter"
