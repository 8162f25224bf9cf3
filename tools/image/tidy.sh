#!/bin/bash
# Takes out of a root file system what only one machine may have, and what the next boot makes anew; and refuses one that has a
# secret, or somebody who could log in.
#
#   tools/image/tidy.sh ROOT-FOLDER
set -euo pipefail

root=${1:?usage: tools/image/tidy.sh ROOT-FOLDER}

fail() { echo "tidy.sh: $*: that is no image for more than one cabinet" >&2; exit 1; }

cd "$root"
rm -f etc/ssh/ssh_host_* var/lib/dbus/machine-id var/lib/systemd/random-seed etc/resolv.conf etc/.pwd.lock
rm -rf var/lib/cloud/* root/.ssh root/.cache root/.bash_history etc/*- var/cache/apt/*.bin var/lib/apt/lists/*
find tmp var/tmp run var/log var/cache/apt/archives var/cache/debconf -mindepth 1 ! -type d -delete 2>/dev/null || :
: >etc/machine-id
ln -s /run/systemd/resolve/stub-resolv.conf etc/resolv.conf

! awk -F: '$2 !~ /^[!*]/ {print $1; found = 1} END {exit !found}' etc/shadow || fail "a user has a password, or needs none"
[ -z "$(find root home -name authorized_keys -print -quit)" ] || fail "a key for SSH is in it"
[ -z "$(find etc/arcade-cabinet -mindepth 1 ! -name config.yaml -print -quit)" ] || fail "the configuration's folder has more than config.yaml"
[ -z "$(find var/lib/arcade-cabinet -mindepth 1 -print -quit 2>/dev/null)" ] || fail "it has a ledger"
! grep -Eq '^ *(machine_id|token|password): *[^ #]' etc/arcade-cabinet/config.yaml || fail "its config.yaml is filled in"
