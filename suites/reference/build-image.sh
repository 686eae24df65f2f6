#!/usr/bin/env bash
# Builds the image with the published core of MLMD and prints its name. Needs a running Docker engine.
# Set BASE to a Python 3.9 to 3.11 image (python:3.11-slim) where an image registry can be reached. Without it the base is made
# from Debian's packages, which needs root and debootstrap; it is made once and kept as mlmd-go/python:bookworm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=${MLMD_IMAGE:-mlmd-go/reference:1.17.1}
base=${BASE:-mlmd-go/python:bookworm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

docker version >/dev/null || { echo "build-image.sh: no Docker engine answers; start dockerd" >&2; exit 1; }

has() { docker image inspect "$1" >/dev/null 2>&1; }

if [ -z "${BASE:-}" ] && ! has "$base"; then
	command -v debootstrap >/dev/null || { echo "build-image.sh: install debootstrap, or set BASE=python:3.11-slim" >&2; exit 1; }
	debootstrap --variant=minbase --include=python3-minimal,python3-pip bookworm "$work/root" ${DEBIAN_MIRROR:-} >"$work/log" ||
		{ tail -n 20 "$work/log" >&2; exit 1; }
	tar -C "$work/root" -c . | docker import - "$base" >/dev/null
	rm -rf "$work/root"
fi

# pip runs here and not while the image is built, so that a proxy or a certificate that this machine knows serves it too.
mkdir "$work/context"
cp "$here/Dockerfile" "$here/requirements.txt" "$here/server.py" "$work/context"
pip=$("$here/setup.sh")
"$pip" -m pip download --quiet --disable-pip-version-check --python-version 3.11 --only-binary=:all: \
	-d "$work/context/wheels" -r "$here/requirements.txt" >&2
docker build --quiet --build-arg BASE="$base" -t "$image" "$work/context" >/dev/null
echo "$image"
