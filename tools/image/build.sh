#!/bin/bash
# Builds a card's image with the cabinet installed, for Raspberry Pi 3, 4 and Zero 2 W, of Debian 12's packages alone: `make image`.
# On Debian 12, as root: arm64 programs run under qemu-user, and so the first time takes a quarter of an hour.
#
#   tools/image/build.sh FOLDER     base/ and bundle/ are made once; out come cabinet.img, cabinet.packages, and for Raspberry Pi
#                                   Imager cabinet.rpi-imager-manifest (IMAGE_URL=https://... if it is to be had elsewhere)
set -euo pipefail

here=$(dirname "$(realpath "$0")")
project=$(realpath "$here/../..")
folder=$(realpath -m "${1:?usage: tools/image/build.sh FOLDER}")
base=$folder/base root=$folder/root boot=$folder/boot image=$folder/cabinet.img
here_needs=(mtools dosfstools fdisk rsync device-tree-compiler)
# The board, its Wi-Fi, what Raspberry Pi Imager's settings are taken by, what install.sh would fetch, and a technician's tools.
packages=(linux-image-arm64 initramfs-tools zstd raspi-firmware kmod udev dosfstools e2fsprogs fdisk
    firmware-brcm80211 wpasupplicant wireless-regdb iw rfkill netplan.io iproute2 iputils-ping
    systemd systemd-sysv systemd-resolved systemd-timesyncd dbus procps tzdata
    cloud-init cloud-guest-utils openssh-server sudo nano less whiptail
    ca-certificates python3-venv python3-pygame python3-pil libegl1 libgles2 libgl1-mesa-dri alsa-utils)
# The day of what is installed: no file in the image is younger.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$project" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH QEMU_CPU=cortex-a53

# An initrd with all that a kernel has takes an hour under emulation. Here it gets what the boards may need; on the board itself, at
# the next kernel, it is Debian's own again.
# shellcheck disable=SC2016 # mmdebstrap's own argument
few_modules='mkdir -p "$1/etc/initramfs-tools/conf.d" && echo MODULES=list >"$1/etc/initramfs-tools/conf.d/few-modules"'

# shellcheck source=tools/vm/parts.sh
. "$here/../vm/parts.sh"

say() { echo "$*" >&2; }

get_ready() {
    "$project/tools/pi/ready.sh"
    dpkg -s "${here_needs[@]}" >/dev/null 2>&1 ||
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${here_needs[@]}" >/dev/null
}

# made FOLDER RECIPE: whether it is there, of this recipe.
made() { [ "$(cat "$1.recipe" 2>/dev/null)" = "$2" ]; }

make_base() {
    local include
    include=$(IFS=,; echo "${packages[*]}")
    if made "$base" "$include"; then return; fi
    say "Making Debian 12 for arm64 in $base ..."
    rm -rf --one-file-system "$base"
    apt_settings "$folder/apt.conf"
    mmdebstrap --quiet --architectures=arm64 --variant=minbase --components=main,non-free-firmware --aptopt="$folder/apt.conf" \
        --dpkgopt="$here/root/etc/dpkg/dpkg.cfg.d/arcade-cabinet" --include="$include" --setup-hook="$few_modules" bookworm "$base"
    rm "$base/etc/apt/apt.conf.d/99mmdebstrap" "$base/etc/dpkg/dpkg.cfg.d/99mmdebstrap"  # this machine's
    echo "$include" >"$base.recipe"
}

make_bundle() {
    local wanted
    wanted=$(cat "$project"/requirements/*.lock)
    if made "$folder/bundle" "$wanted"; then return; fi
    "$project/tools/bundle.sh" "$folder/bundle" >/dev/null
    echo "$wanted" >"$folder/bundle.recipe"
}

in_root() {
    systemd-nspawn --quiet --register=no --keep-unit --settings=no --link-journal=no --resolv-conf=off --timezone=off --pipe \
        --as-pid2 --machine="image-$$" --directory="$root" --bind-ro="$folder/payload:/payload" \
        --setenv=QEMU_CPU=$QEMU_CPU "$@" </dev/null
}

make_initrd() {
    "$here/board_modules.sh" "$root" >"$root/etc/initramfs-tools/modules"
    in_root update-initramfs -u
    rm "$root/etc/initramfs-tools/conf.d/few-modules"
    : >"$root/etc/initramfs-tools/modules"
}

install_cabinet() {
    say "Installing the cabinet ..."
    rsync -aH --delete --one-file-system "$base/" "$root/"
    cp -R --no-preserve=ownership "$here/root/." "$root/"
    rm -rf "$folder/payload"
    mkdir -p "$folder/payload/project"
    (cd "$project" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -cf -) |
        tar -xf - -C "$folder/payload/project" --no-same-owner
    cp -R "$folder/bundle" "$folder/payload/bundle"
    make_initrd
    in_root /payload/project/install.sh --from /payload/bundle --no-start
    systemctl -q --root="$root" enable systemd-networkd.service systemd-resolved.service ssh.service
    # cloud-init stands before every service, and the wait for a network would stand before cloud-init.
    systemctl -q --root="$root" mask systemd-networkd-wait-online.service
    systemctl -q --root="$root" set-default multi-user.target
}

# What Python compiled names the time of its source; and so does what install.sh compiled for the controller (-OO).
date_files() {
    local app=/opt/arcade-cabinet
    date_all
    in_root python3 -I -m compileall -qf $app
    in_root $app/venv/bin/python -I -B -OO -X pycache_prefix=$app/compiled -W ignore \
        /payload/project/installer/import_release.py $app $app
    date_all
}

date_all() { find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

# The firmware's files, and what a technician finds there.
make_boot() {
    rm -rf "$boot"
    mkdir "$boot"
    mv "$root"/boot/firmware/* "$boot/"
    cp "$here"/boot/* "$boot/"
    sed -i 's/$/\r/' "$boot/README.txt" "$boot/network-config"
    sed 's/$/\r/' "$project/config.yaml" >"$boot/cabinet-example.yaml"
    find "$boot" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
}

tell() {
    dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package} ${Version}\n' >"$folder/cabinet.packages"
    echo "$image: $(du -m --apparent-size "$image" | cut -f 1) MB, of which $(du -m "$image" | cut -f 1) are written; \
$(wc -l <"$folder/cabinet.packages") packages, $(find "$boot" -name 'vmlinuz-*' -printf '%f')"
}

mkdir -p "$folder"
get_ready
make_base
make_bundle
install_cabinet
make_boot
"$here/tidy.sh" "$root"
date_files
"$here/disk.sh" "$boot" "$root" "$image"
python3 -I "$here/manifest.py" "$image" "${IMAGE_URL:-file://$image}" "$SOURCE_DATE_EPOCH" >"$folder/cabinet.rpi-imager-manifest"
tell
