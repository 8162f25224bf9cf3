# shellcheck shell=bash
# Sourced by what builds guests, here and in tools/pi.

# apt_settings FILE: this machine's proxies, certificates and patience, for an apt elsewhere.
apt_settings() {
    apt-config dump | grep '^Acquire::' | grep -Ev '::(IndexTargets|CompressionTypes|Changelogs)' >"$1"
}

# module_files TREE RELEASE NAME...: a kernel's modules with all that each depends on, in the order to load them in.
module_files() {
    local tree=$1 release=$2 name
    shift 2
    for name in "$@"; do modprobe -d "$tree" -S "$release" --show-depends "$name"; done |
        awk '$1 == "insmod" && !seen[$2]++ {print $2}'
}
