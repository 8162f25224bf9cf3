#!/bin/bash
# Makes a card's image of two folders, without mounting anything: a FAT that every computer reads, and a root file system that
# grows at the first boot. What can be the same in each build is.
#
#   tools/image/disk.sh BOOT-FOLDER ROOT-FOLDER IMAGE       SOURCE_DATE_EPOCH=seconds BOOT_MB=512 are looked at
set -euo pipefail

usage="usage: tools/image/disk.sh BOOT-FOLDER ROOT-FOLDER IMAGE"
boot=${1:?$usage} root=${2:?$usage} image=${3:?$usage}
boot_mb=${BOOT_MB:-512}         # two kernels with their initrds, while a new one takes the place of an old one
start_mb=4                      # where a card's own blocks begin
room=115                        # in a hundred: what a file system needs for itself, and apt until the card's end is its own
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)}
export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
export MTOOLS_SKIP_CHECK=1
disk_id=0xcab12e75
root_id=cab12e75-0000-4000-8000-000000000001

work=$(mktemp -d "${image%/*}/disk.XXXXXX")
trap 'rm -rf "$work"' EXIT

truncate -s "${boot_mb}M" "$work/boot"
mkfs.vfat --invariant -F 32 -n bootfs "$work/boot" 2>&1 >/dev/null | { grep -v 'lowercase labels' >&2 || :; }   # as Raspberry Pi OS has it
for file in "$boot"/*; do mcopy -sQm -i "$work/boot" "$file" ::; done

root_mb=$(($(du -sm --apparent-size "$root" | cut -f 1) * room / 100 + 200))
truncate -s "${root_mb}M" "$work/root"
mke2fs -q -F -t ext4 -L cabinet-root -U $root_id -E hash_seed=$root_id -d "$root" "$work/root"

rm -f "$image"
truncate -s "$((start_mb + boot_mb + root_mb))M" "$image"
printf 'label: dos\nlabel-id: %s\nstart=%sMiB, size=%sMiB, type=c, bootable\nstart=%sMiB, type=83\n' \
    $disk_id $start_mb "$boot_mb" $((start_mb + boot_mb)) | sfdisk --quiet "$image"
dd if="$work/boot" of="$image" bs=1M seek=$start_mb conv=notrunc,sparse status=none
dd if="$work/root" of="$image" bs=1M seek=$((start_mb + boot_mb)) conv=notrunc,sparse status=none
