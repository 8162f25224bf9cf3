#!/bin/sh
# Prints a sum over all files that the tests on arm64 cover, as they are in this working tree: what the guest of x86 covers,
# which its parts are of, and what is here. tools/pi/passed holds the sum with which `make test-pi` last passed.
set -eu

cd "$(dirname "$0")/../.."
{ tools/vm/covered.sh
    git ls-files -z --cached --others --exclude-standard -- tools/pi tools/screens.py tests/test_ledger.py tests/test_ledger_file.py \
        tests/test_wal_check.py 'tests/test_attract_screen_*.py' tests/conftest.py ':!tools/pi/passed' |
        sort -zu | xargs -0 sha256sum 2>/dev/null; } | sha256sum | cut -d ' ' -f 1
