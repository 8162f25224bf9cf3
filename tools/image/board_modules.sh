#!/bin/bash
# Prints the kernel's modules that a Raspberry Pi 3, 4 or Zero 2 W may need to find its root file system, a name a line: the drivers
# of what its device trees name, and what holds a file system. QEMU's disk is among them, for `make test-image`.
#
#   tools/image/board_modules.sh ROOT-FOLDER        of the one kernel in it
set -euo pipefail

root=${1:?usage: tools/image/board_modules.sh ROOT-FOLDER}
release=$(basename "$root"/lib/modules/*)
modules=$root/lib/modules/$release
boards=("$root/usr/lib/linux-image-$release"/broadcom/bcm2{837,711}-rpi-*.dtb)

# What shows a picture, makes a sound or reaches a network is not needed for that.
drivers() {
    for board in "${boards[@]}"; do dtc -q -I dtb -O dts "$board"; done | sed -n 's/^\s*compatible = //p' | grep -o '"[^"]*"' | tr -d '"' | sort -u |
        awk 'NR == FNR {named[$1]; next} /^alias of:/ {split($2, part, /T\*?C|T[^C]*C/); if (part[2] in named) print $3}' - \
            <(sed 's/C\*\? / /; s/\(C[^ ]*\)C\* /\1 /' "$modules/modules.alias") | sort -u | while read -r module; do
        grep -Eq "^kernel/(sound|drivers/(gpu|media|net|staging))/.*/${module//_/[-_]}\.ko" "$modules/modules.dep" || echo "$module"
    done
}

drivers
printf '%s\n' mmc_block usb_storage uas xhci_pci ext4 crc32c_generic virtio_pci virtio_blk
