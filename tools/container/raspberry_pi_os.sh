#!/bin/sh
# Makes a Debian what Raspberry Pi OS is to install.sh: it has a package of lgpio. This one is empty; mock pins never ask for it.
set -eu

package=$(mktemp -d)
mkdir -p "$package/DEBIAN" "$package/usr/lib/python3/dist-packages"
touch /etc/rpi-issue "$package/usr/lib/python3/dist-packages/lgpio.py" "$package/usr/lib/python3/dist-packages/_lgpio.py"
printf 'Package: python3-lgpio\nVersion: 0\nArchitecture: all\nMaintainer: nobody\nDescription: empty\n' >"$package/DEBIAN/control"
chmod -R go=rX "$package"
dpkg-deb --build "$package" "$package.deb"
dpkg --install "$package.deb"
