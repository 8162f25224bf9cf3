#!/bin/bash
# Makes what QEMU's Raspberry Pi 3 boots, in FOLDER/board, once: kernel, device tree and initrd, of Debian's kernel for arm64.
# As root; nothing of arm64 runs for it, and it takes a minute.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
cache=$(realpath -m "${1:?usage: tools/pi/board.sh FOLDER}")/board
# bcm2835_wdt: else there is no power-off. bcm2835: the card. The last two: a network card on USB, as a Pi 3 has.
modules=(bcm2835_wdt bcm2835 mmc_block crc32c_generic ext4 dwc2 cdc_ether)

# shellcheck source=tools/vm/parts.sh
. "$here/../vm/parts.sh"

get_kernel() {
    apt_settings "$work/apt.conf"
    mmdebstrap --quiet --architectures=arm64 --variant=extract --aptopt="$work/apt.conf" \
        --include=linux-image-arm64,busybox-static trixie "$kernel"
    ln -sfn usr/lib "$kernel/lib"
    release=$(basename "$kernel"/lib/modules/*)
    depmod -b "$kernel" "$release"
    cp "$kernel/boot/vmlinuz-$release" "$cache/kernel"
}

# The firmware would write the revision; without it gpiozero knows no pin.
make_device_tree() {
    cp "$kernel/usr/lib/linux-image-$release/broadcom/bcm2837-rpi-3-b.dtb" "$cache/tree.dtb"
    fdtput -c "$cache/tree.dtb" /system
    fdtput -t x "$cache/tree.dtb" /system linux,revision a02082
}

make_initrd() {
    local folder=$work/initrd file number=100
    mkdir -p "$folder"/{bin,modules,root,dev}
    cp "$kernel/usr/bin/busybox" "$folder/bin/"
    cp "$here/init" "$folder/init"
    for file in $(module_files "$kernel" "$release" "${modules[@]}"); do
        number=$((number + 1))
        xz -dc "$file" >"$folder/modules/$number.ko"
    done
    (cd "$folder" && find . | cpio -o -H newc --quiet) >"$cache/initrd"
}

recipe() { cat "$0" "$here/init" | sha256sum; }

[ "$(cat "$cache/recipe" 2>/dev/null)" = "$(recipe)" ] && exit
echo "Making the board in $cache ..." >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
kernel=$work/kernel
rm -rf "$cache"
mkdir -p "$cache"
get_kernel
make_device_tree
make_initrd
recipe >"$cache/recipe"
