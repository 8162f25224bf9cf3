#!/bin/bash
# Makes a Debian for arm64 in FOLDER/SUITE, once: root/, with what install.sh would fetch with apt and what a cloud needs, and
# python/, the packages of the tests and of the cloud. As root; each arm64 program runs under qemu-user, and so it takes minutes.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
project=$(realpath "$here/../..")
usage="usage: tools/pi/userland.sh FOLDER bookworm|trixie"
suite=${2:?$usage}
cache=$(realpath -m "${1:?$usage}")/$suite
case $suite in bookworm) python=3.11 ;; trixie) python=3.13 ;; *) echo "$usage" >&2; exit 2 ;; esac
packages=systemd,systemd-sysv,dbus,udev,kmod,procps,iproute2,ca-certificates,python3-venv,python3-pygame,python3-pil,libegl1,libgles2,libgl1-mesa-dri,alsa-utils,mosquitto

# shellcheck source=tools/vm/parts.sh
. "$project/tools/vm/parts.sh"
# shellcheck source=tools/wheels.sh
. "$project/tools/wheels.sh"

needs() {
    { python3 -I "$project/tools/requirements.py" project demo
        python3 -I "$project/tools/pins.py" "$project/cloud_relay/requirements.txt" "$project/requirements/cabinet.lock"
        printf '%s\n' hypothesis pillow pytest pytest-timeout zxing-cpp; } | grep -v '^pygame'
}

# made PART RECIPE: whether it is there, of this recipe.
made() { [ "$(cat "$cache/$1.recipe" 2>/dev/null)" = "$2" ]; }

make_root() {
    echo "Making Debian $suite for arm64 in $cache/root ..." >&2
    apt_settings "$cache/apt.conf"
    mmdebstrap --quiet --architectures=arm64 --variant=minbase --aptopt="$cache/apt.conf" --include="$packages" "$suite" "$cache/root"
    rm -rf "$cache/root"/var/cache/apt/* "$cache/root"/var/lib/apt/lists/* "$cache/root"/usr/share/{doc,man,locale}/*
    echo "$packages" >"$cache/root.recipe"
}

get_python() {
    needs >"$cache/needs.txt"
    # shellcheck disable=SC2046 # a list of options
    python3 -I -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action=ignore \
        --only-binary :all: --implementation cp --python-version $python $(platforms aarch64) --target "$cache/python" \
        --no-compile --requirement "$cache/needs.txt"
    needs >"$cache/python.recipe"
}

# Debian's own is four to five times slower where the processor promises more than it can emulate well.
export QEMU_CPU=cortex-a53
mkdir -p "$cache"
if ! made root "$packages"; then
    rm -rf --one-file-system "$cache/root"
    make_root
fi
if ! made python "$(needs)"; then
    rm -rf "$cache/python"
    get_python
fi
