#!/usr/bin/env bash
# Replaces the files of the viewer by those of another release of swagger-ui-dist from npm: update.sh 5.35.0
set -euo pipefail
cd "$(dirname "$0")/viewer"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "swagger-ui-dist@$1" && tar xzf ./*.tgz)
for file in swagger-ui-bundle.js swagger-ui.css; do
	grep -v '^/*[/*]# sourceMappingURL' "$work/package/$file" | gzip -9n >"$file.gz"
done
cp "$work/package/LICENSE" "$work/package/NOTICE" "$work/package/swagger-ui-bundle.js.LICENSE.txt" .
