#!/bin/sh
# Writes requirements/*.lock anew: what a cabinet's virtual environment holds, to the exact version and wheel. The
# versions that cloud_relay/requirements.txt pins hold here too: the two speak to each other as they were tested. They
# are chosen there by hand, as the fleet's are in fleet/requirements.txt, and get the hashes of their wheels.
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=tools/wheels.sh
. tools/wheels.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# pygame is the system's on every cabinet: the one from pip cannot draw without a desktop.
cabinet_needs() { "${PYTHON:-python3}" -I tools/requirements.py project | grep -v '^pygame'; }

# write_lock FOLDER LOCK [PINS]: a line for each package, with the hash of each of its wheels.
write_lock() {
    "${PYTHON:-python3}" -I tools/lock_lines.py "$1" ${3+"$3"} >"$scratch/lock"
    mv "$scratch/lock" "$2"
    echo "Wrote $2: $(grep -c == "$2") packages, $(grep -c sha256 "$2") wheels."
}

relay=cloud_relay/requirements.txt
"${PYTHON:-python3}" -I tools/pins.py $relay >"$scratch/relay.txt"
download_wheels "$scratch/relay" "$relay_pythons" --no-deps --requirement "$scratch/relay.txt"
write_lock "$scratch/relay" $relay $relay
fleet=fleet/requirements.txt
"${PYTHON:-python3}" -I tools/pins.py $fleet >"$scratch/fleet.txt"
download_wheels "$scratch/fleet" "$relay_pythons" --no-deps --requirement "$scratch/fleet.txt"
write_lock "$scratch/fleet" $fleet $fleet
cabinet_needs >"$scratch/cabinet.txt"
download_wheels "$scratch/cabinet" "$pythons" --requirement "$scratch/cabinet.txt" --constraint "$scratch/relay.txt"
rm "$scratch"/cabinet/setuptools-*  # colorzero names it, and uses nothing of it
write_lock "$scratch/cabinet" requirements/cabinet.lock
download_wheels "$scratch/lgpio" "$lgpio_pythons" --no-deps 'lgpio>=0.2.2.0'
write_lock "$scratch/lgpio" requirements/lgpio.lock
