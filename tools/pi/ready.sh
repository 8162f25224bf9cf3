#!/bin/bash
# Gets this machine ready to run what is built for arm64, or says why it cannot.
set -euo pipefail

needs=(qemu-system-arm qemu-user-static binfmt-support arch-test mmdebstrap systemd-container device-tree-compiler e2fsprogs
    kmod cpio xz-utils)
binfmt=/proc/sys/fs/binfmt_misc

fail() { echo "test-pi: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || fail "needs root, for the guest's files"
if ! dpkg -s "${needs[@]}" >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends "${needs[@]}" >/dev/null
fi
[ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt ||
    fail "this machine's kernel has no binfmt_misc, or does not let it be mounted here: arm64 programs cannot run. Not tested"
[ -e $binfmt/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64 || :
arch-test arm64 >/dev/null || fail "binfmt_misc does not hand arm64 programs to QEMU, as arch-test arm64 tells. Not tested"
