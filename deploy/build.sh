#!/usr/bin/env bash
# Makes what the image has, in deploy/dist: static binaries of mlmd-server for each platform, the licenses of all that
# is in them, and a software bill of materials in CycloneDX's format.
#
#   deploy/build.sh                  # linux/amd64 and linux/arm64
#   deploy/build.sh linux/amd64
set -euo pipefail
cd "$(dirname "$0")/.."
dist=deploy/dist
rm -rf "$dist"
mkdir -p "$dist/data" "$dist/licenses"
chmod 700 "$dist/data"
cp /etc/ssl/certs/ca-certificates.crt "$dist/"
mkdir "$dist/bin"
ln -s /mlmd-server "$dist/bin/metadata_store_server" # the name in the manifests of Kubeflow Pipelines

bom=$(GOWORK=off go tool -modfile=tools/go.mod -n cyclonedx-gomod)
for platform in "${@:-linux/amd64 linux/arm64}"; do
	for p in $platform; do
		arch=${p#*/} out=$dist/${p/\//-}/mlmd-server
		CGO_ENABLED=0 GOOS=${p%/*} GOARCH=$arch go build -trimpath -ldflags='-s -w' -o "$out" ./cmd/mlmd-server
		"$bom" bin -json -noserial -output "$dist/sbom-$arch.json" "$out"
	done
done

# The license files of the modules of the binaries. The MySQL driver has MPL-2.0, whose source must be offered: the
# list names the version of each module, and the module proxy has its source.
go version -m "$dist"/linux-*/mlmd-server | awk '$1 == "dep" {print $2 "@" $3}' | sort -u >"$dist/licenses/modules.txt"
while read -r module; do
	folder=$(go list -m -f '{{.Dir}}' "${module%@*}" 2>/dev/null)
	files=$(find "$folder" -maxdepth 1 -type f \( -iname 'licen[sc]e*' -o -iname 'copying*' -o -iname 'notice*' \))
	[ -n "$files" ] || { echo "deploy/build.sh: $module has no license file" >&2; exit 1; }
	mkdir -p "$dist/licenses/$module"
	cp $files "$dist/licenses/$module/"
done <"$dist/licenses/modules.txt"
mkdir -p "$dist/licenses/go"
cp "$(go env GOROOT)/LICENSE" "$dist/licenses/go/"
cp LICENSE "$dist/licenses/"
chmod -R u+w "$dist/licenses"
