#!/bin/bash
# Makes the guest of `make test-vm` in the folder it is given, once: vmlinux, initrd and disk.img to boot, and root/, which is
# what disk.img holds. On Debian 12, as root; takes two minutes and downloads some 350 MB.
#
# The kernel is Debian's. It leaves out gpio-sim (a GPIO chip whose lines are read and driven through sysfs), which is
# built here from Debian's own source.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
project=$(realpath "$here/../..")
cache=$(realpath -m "${1:?usage: tools/vm/build.sh FOLDER}")
needs=(qemu-system-x86 seabios mmdebstrap systemd-container e2fsprogs kmod cpio busybox-static make gcc)
# What install.sh would fetch with apt, and what the kmsdrm picture and the tests want beside it.
packages=(systemd systemd-sysv dbus udev kmod procps iproute2 ca-certificates python3-venv python3-pygame python3-pil
    mosquitto libegl1 libgles2 libgl1-mesa-dri alsa-utils dosfstools)
boot_modules=(virtio_pci virtio_blk crc32c_generic ext4)
modules=(9p 9pnet_virtio autofs4 configfs evdev nls_ascii nls_cp437 snd_intel8x0 vfat virtio_gpu virtio_net virtio_rng)

# shellcheck source=tools/vm/parts.sh
. "$here/parts.sh"

say() { echo "$*" >&2; }

# What this guest is made of; another value is another guest.
recipe() { (cd "$here" && cat build.sh parts.sh unpack_kernel.py fake-pi.c "$project/pyproject.toml" "$project/cloud_relay/requirements.txt" "$project/tools/pins.py" &&
    find guest -type f -print0 | sort -z | xargs -0 cat) | sha256sum; }

get_tools() {
    [ "$(id -u)" = 0 ] || { say "build.sh: needs root, for the guest's files"; exit 1; }
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    release=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-//p')
    apt-get install -qq -y --no-install-recommends "${needs[@]}" "linux-headers-$release" >/dev/null
}

get_kernel() {
    (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "linux-image-$release" linux-source-6.1)
    dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
    # Uncompressed, as QEMU boots it too: unpacking is half of the boot where every instruction is emulated.
    python3 -I "$here/unpack_kernel.py" "$work/kernel/boot/vmlinuz-$release" "$cache/vmlinux"
}

build_modules() {
    local source=linux-source-6.1 folder=$work/modules
    mkdir "$folder"
    dpkg-deb --fsys-tarfile "$work/$source"_*.deb | tar xO "./usr/src/$source.tar.xz" |
        tar xJ -C "$folder" --strip-components=3 \
            "$source/drivers/gpio/gpio-sim.c" "$source/drivers/gpio/gpiolib.h" "$source/kernel/irq/irq_sim.c"
    mv "$folder/gpio-sim.c" "$folder/sim.c"
    cp "$here/fake-pi.c" "$folder"
    # Not exported to modules; this does the same.
    sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq(irqnum)/' "$folder/irq_sim.c"
    # A line that its process leaves goes back to its pull there. A Pi's keeps its level, and so shall this one's.
    sed -i '/^static void gpio_sim_free/,/^}/s/__assign_bit(.*/(void)offset;/' "$folder/sim.c"
    printf 'obj-m := gpio-sim.o fake-pi.o\ngpio-sim-y := sim.o irq_sim.o\n' >"$folder/Kbuild"
    make -s -C "/usr/src/linux-headers-$release" M="$folder" modules 2>&1 | grep -v BTF >&2 || :
    install -D -m 0644 -t "$work/kernel/lib/modules/$release/extra" "$folder/gpio-sim.ko" "$folder/fake-pi.ko"
    depmod -b "$work/kernel" "$release"
}

# Mounts the root file system, and nothing else.
make_initrd() {
    local folder=$work/initrd file number=100
    mkdir -p "$folder"/{bin,modules,root,dev}
    cp /bin/busybox "$folder/bin/"
    for file in $(module_files "$work/kernel" "$release" "${boot_modules[@]}"); do
        number=$((number + 1))
        strip -g -o "$folder/modules/$number.ko" "$file"
    done
    cat >"$folder/init" <<'I'
#!/bin/busybox sh
for module in /modules/*.ko; do /bin/busybox insmod $module; done
/bin/busybox mount -t devtmpfs dev /dev
# A clock that skips idle time would leap ahead whenever the disk is waited for, and past every timeout. This is never
# idle; it ends when the board's looks at its pins take over.
[ -z "${counted-}" ] || /bin/busybox nice -n 19 /bin/busybox sh -c 'while [ ! -e /dev/board ]; do :; done' &
/bin/busybox mount -t ext4 /dev/vda /root
exec /bin/busybox switch_root /root /sbin/init
I
    chmod +x "$folder/init"
    (cd "$folder" && find . | cpio -o -H newc --quiet) >"$cache/initrd"
}

make_root() {
    local include file
    include=$(IFS=,; echo "${packages[*]}")
    apt_settings "$work/apt.conf"
    mmdebstrap --quiet --variant=minbase --aptopt="$work/apt.conf" --include="$include" bookworm "$root"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
    for file in $(module_files "$work/kernel" "$release" "${modules[@]}" gpio-sim fake-pi); do
        install -D -m 0644 "$file" "$root${file#"$work/kernel"}"
        strip -g "$root${file#"$work/kernel"}"
    done
    cp "$work/kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$release/"
    depmod -b "$root" "$release"
}

# What the folder guest/ adds, and what a machine that lives for minutes does without.
set_up_root() {
    cp -r "$here/guest/." "$root/"
    systemctl -q --root="$root" set-default multi-user.target
    systemctl -q --root="$root" enable gpio-sim.service board.service stage.service powered.service
    systemctl -q --root="$root" mask getty.target console-getty.service mosquitto.service systemd-networkd.service \
        systemd-networkd.socket systemd-binfmt.service e2scrub_reap.service e2scrub_all.timer fstrim.timer \
        apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
    systemd-id128 new >"$root/etc/machine-id"
    touch "$root/etc/.updated" "$root/var/.updated"
    echo cabinet >"$root/etc/hostname"
}

# The cloud's packages, for the guest's Python. The cabinet's own are brought by install.sh.
get_python() {
    # shellcheck source=tools/wheels.sh
    . "$project/tools/wheels.sh"
    { python3 -I "$project/tools/requirements.py" demo
        python3 -I "$project/tools/pins.py" "$project/cloud_relay/requirements.txt"; echo pyyaml; } >"$work/needs.txt"
    # shellcheck disable=SC2046 # a list of options
    python3 -I -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --root-user-action=ignore \
        --only-binary :all: --implementation cp --python-version 3.11 $(platforms x86_64) --target "$root/opt/cloud" \
        --no-compile --requirement "$work/needs.txt"
    chroot "$root" python3 -I -m compileall -q /opt/cloud
}

[ "$(cat "$cache/recipe" 2>/dev/null)" = "$(recipe)" ] && exit
say "Making the guest in $cache ..."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
root=$cache/root
rm -rf --one-file-system "$cache"
mkdir -p "$cache"
get_tools
get_kernel
build_modules
make_initrd
make_root
set_up_root
get_python
truncate -s 2G "$cache/disk.img"
mke2fs -q -F -t ext4 -d "$root" "$cache/disk.img"
recipe >"$cache/recipe"
