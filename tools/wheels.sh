# shellcheck shell=sh
# shellcheck disable=SC2034 # who sources this uses the names
# Sourced by lock.sh and bundle.sh: the wheels for every cabinet that install.sh knows, and for every machine that a relay
# may run on, got with this machine's pip.

machines="x86_64 aarch64"
pythons="3.11 3.13"         # Debian 12 and Raspberry Pi OS Bookworm, Raspberry Pi OS Trixie; check_wheels has them too
lgpio_pythons="3.11"        # Raspberry Pi OS brings its own lgpio; this one is for Debian 12
relay_pythons="3.11 3.12 3.13 3.14"    # AWS's image in cloud_relay/Dockerfile has 3.12

# download_wheels FOLDER PYTHONS PIP-OPTION...
download_wheels() {
    folder=$1
    versions=$2
    shift 2
    for version in $versions; do
        for machine in $machines; do
            # shellcheck disable=SC2046 # a list of options
            "${PYTHON:-python3}" -I -m pip download --quiet --disable-pip-version-check --only-binary :all: --dest "$folder" \
                --implementation cp --python-version "$version" $(platforms "$machine") "$@" ||
                return
        done
    done
}

# What glibc 2.36, Debian 12's, can load: pip wants the older ones named too.
platforms() {
    for glibc in 2_17 2_28 2_31 2_34 2_35 2_36; do printf -- '--platform manylinux_%s_%s ' "$glibc" "$1"; done
    printf -- '--platform manylinux2014_%s' "$1"
}
