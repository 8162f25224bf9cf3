#!/bin/sh
# Prints a sum over all files that the guest's tests cover, as they are in this working tree. tools/vm/passed holds the
# sum with which `make test-vm` last passed.
set -eu

cd "$(dirname "$0")/../.."
git ls-files -z --cached --others --exclude-standard -- controller attract_screen cloud_relay simulator systemd installer install.sh \
    requirements config.yaml pyproject.toml tools/bundle.sh tools/wheels.sh tools/requirements.py tools/pins.py tools/vm ':!tools/vm/passed' ':!*.md' \
    ':!controller/__init__.py' ':!cloud_relay/__init__.py' |  # the version alone: a release changes nothing that runs
    sort -zu | xargs -0 sha256sum 2>/dev/null | sha256sum | cut -d ' ' -f 1
