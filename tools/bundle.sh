#!/bin/sh
# Gathers what pip would fetch, for cabinets without a network: sudo ./install.sh --from FOLDER
#
#   tools/bundle.sh [FOLDER]        build/bundle, if none is named
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=tools/wheels.sh
. tools/wheels.sh
bundle=${1:-build/bundle}

mkdir -p "$bundle"
download_wheels "$bundle" "$pythons" --no-deps --require-hashes --requirement requirements/cabinet.lock
download_wheels "$bundle" "$lgpio_pythons" --no-deps --require-hashes --requirement requirements/lgpio.lock
echo "$bundle: $(find "$bundle" -name '*.whl' | wc -l) wheels, $(du -sh "$bundle" | cut -f 1). On the cabinet: sudo ./install.sh --from $bundle"
