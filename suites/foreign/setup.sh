#!/usr/bin/env bash
# Fetches packages that have OpenAPI 3.1 documents of well-known projects, and prints the folder with the documents:
#   export MLMD_FOREIGN_SPECS=$(suites/foreign/setup.sh)
# Takes the folder to make it in (suites/foreign/.venv if none is given), where the suite finds it by itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}
airflow=3.3.2
mkdir -p "$folder"
if ! cmp -s "$here/testdata/package.json" "$folder/package.json" || [ ! -e "$folder/galaxy.yaml" ] || [ ! -e "$folder/trains.yaml" ]; then
	cp "$here/testdata/package.json" "$folder/"
	npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund >&2
	cp "$folder/node_modules/@scalar/galaxy/dist/3.1.yaml" "$folder/galaxy.yaml"
	cp "$folder/node_modules/@readme/oas-examples/3.1/yaml/train-travel.yaml" "$folder/trains.yaml"
fi
if [ ! -e "$folder/airflow-$airflow.yaml" ]; then
	python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$folder" "apache-airflow-core==$airflow" >&2
	python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
		"$folder/apache_airflow_core-$airflow-py3-none-any.whl" \
		airflow/api_fastapi/core_api/openapi/v2-rest-api-generated.yaml >"$folder/airflow.yaml"
	rm "$folder/apache_airflow_core-$airflow-py3-none-any.whl"
	cp "$folder/airflow.yaml" "$folder/airflow-$airflow.yaml"
fi
echo "$folder"
