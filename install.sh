#!/bin/sh
# Sets up an arcade cabinet on Raspberry Pi OS (Bookworm, Trixie; 64-bit) or Debian 12.
# Asks nothing; may be run again at any time, and then changes only what differs.
#
#   sudo ./install.sh               install or update, start now and at every boot
#   sudo ./install.sh --no-start    the same for an image: nothing is started now
set -eu

source_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
app=/opt/arcade-cabinet
config=/etc/arcade-cabinet/config.yaml
release="controller attract_screen pyproject.toml README.md CHANGELOG.md"
units="arcade-controller.service arcade-attract-screen.service"
start=yes
changed=no

umask 022                   # root's own may be stricter, and then the services could not read their code
export PYTHONNOUSERSITE=1   # what root has in its home is not there for the services

say() { printf '%s\n' "$*"; }

did() {
    changed=yes
    say "$*"
}

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

read_options() {
    for option in "$@"; do
        case $option in
            --no-start) start=no ;;
            *) fail "unknown option $option; the only one is --no-start" ;;
        esac
    done
}

check_system() {
    [ "$(id -u)" = 0 ] || fail "needs root; run: sudo $0 $*"
    for tool in apt-get systemctl systemd-sysusers; do
        command -v "$tool" >/dev/null ||
            fail "$tool is missing; this needs Raspberry Pi OS (Bookworm or Trixie) or Debian 12"
    done
    for item in $release config.yaml systemd; do
        [ -e "$source_dir/$item" ] || fail "$source_dir/$item is missing; run install.sh from a whole copy of the project"
    done
}

# --- packages ---

has_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'; }

has_packaged_lgpio() { [ -e /etc/rpi-issue ] || apt-cache show python3-lgpio >/dev/null 2>&1; }

# pygame is the system's everywhere: the one from pip cannot draw without a desktop.
install_packages() {
    wanted="ca-certificates python3-venv python3-pygame"
    if has_packaged_lgpio; then wanted="$wanted python3-lgpio"; fi
    missing=
    for package in $wanted; do
        has_package "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "Installing$missing ..."
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
    did "Installed$missing."
}

# --- users, configuration ---

# put SOURCE TARGET: copies a file that is not there, or differs.
put() {
    if cmp -s "$1" "$2"; then return; fi
    install -D -m 0644 "$1" "$2"
    did "Wrote $2."
}

# keep_access MODE OWNER PATH: puts right who may read it.
keep_access() {
    if [ "$(stat -c '%a %U:%G' "$3")" = "$1 $2" ]; then return; fi
    chown "$2" "$3"
    chmod "$1" "$3"
    did "Set $3 to $2, mode $1."
}

# systemd-sysusers writes its files anew each time; its list is put in place last, so that it stands for users made.
install_users() {
    list=$source_dir/systemd/arcade-cabinet.sysusers.conf
    placed=/etc/sysusers.d/arcade-cabinet.conf
    if cmp -s "$list" "$placed" && id cabinet >/dev/null 2>&1 && id attract >/dev/null 2>&1; then return; fi
    SYSTEMD_LOG_LEVEL=warning systemd-sysusers "$list"
    did "Set up the users cabinet and attract."
    put "$list" "$placed"
}

install_config() {
    if [ ! -e "$config" ]; then
        install -D -m 0640 -g cabinet "$source_dir/config.yaml" "$config"
        did "Wrote $config."
    fi
    keep_access 750 root:cabinet "$(dirname "$config")"
    keep_access 640 root:cabinet "$config"
}

# --- the release: code and its venv, built beside the old one, then swapped in ---

# What pip has to bring, under the Python that it is for.
requirements() {
    python3 -c '
import sys
if sys.version_info < (3, 11):
    sys.exit("install.sh: needs Python 3.11 or later; this is %d.%d" % sys.version_info[:2])
import tomllib
print("# for Python %d.%d" % sys.version_info[:2])
with open(sys.argv[1], "rb") as file:
    print(*tomllib.load(file)["project"]["dependencies"], sep="\n")' "$source_dir/pyproject.toml"
    # Debian has no package of it; a source build of an older one would be taken where no wheel fits.
    has_packaged_lgpio || say "lgpio>=0.2.2.0"
}

is_installed() {
    for item in $release; do
        diff -rq -x __pycache__ "$source_dir/$item" "$app/$item" >/dev/null 2>&1 || return 1
    done
    requirements | cmp -s - "$app/requirements.txt" && "$app/venv/bin/python" -c '' 2>/dev/null
}

install_release() {
    if is_installed; then return; fi
    say "Building $app ..."
    new=$app.new
    rm -rf "$new"
    mkdir "$new"
    stage_code
    stage_venv
    check_release
    swap_release
    did "Wrote $app."
}

stage_code() {
    for item in $release; do cp -R "$source_dir/$item" "$new/"; done
    find "$new" -name __pycache__ -prune -exec rm -rf {} +
    chmod -R u=rwX,go=rX "$new"
    chown -R root:root "$new"
    requirements >"$new/requirements.txt"
}

stage_venv() {
    if cmp -s "$new/requirements.txt" "$app/requirements.txt" && "$app/venv/bin/python" -c '' 2>/dev/null; then
        cp -a "$app/venv" "$new/venv"
        return
    fi
    python3 -m venv --system-site-packages "$new/venv"
    "$new/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --only-binary lgpio --requirement "$new/requirements.txt" ||
        fail "pip could not bring the packages of $new/requirements.txt; nothing was replaced"
    # By hand, too, the venv's Python finds the code from any directory.
    echo "$app" >"$("$new/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/arcade-cabinet.pth"
    grep -rlI "$new" "$new/venv/bin" "$new/venv/pyvenv.cfg" | xargs sed -i "s|$new|$app|g"
}

# A release that cannot even be imported never replaces one that works. (Importing lgpio itself opens FIFOs.)
check_release() {
    (cd "$new" && venv/bin/python -m compileall -q controller attract_screen &&
        venv/bin/python -c 'import _lgpio, controller.__main__, attract_screen.__main__') ||
        fail "this release does not even import; nothing was replaced"
}

swap_release() {
    sync -f "$new"  # the plug may be pulled right behind the swap
    rm -rf "$app.old"
    if [ -e "$app" ]; then mv "$app" "$app.old"; fi
    mv "$new" "$app"
    rm -rf "$app.old"
}

# --- services ---

install_services() {
    put "$source_dir/systemd/arcade-cabinet.rules" /etc/udev/rules.d/60-arcade-cabinet.rules
    for unit in $units; do
        put "$source_dir/systemd/$unit" "/etc/systemd/system/$unit"
        systemctl is-enabled --quiet "$unit" 2>/dev/null && continue
        systemctl enable --quiet "$unit"
        did "Enabled $unit."
    done
}

tell_system() {
    [ "$changed" = yes ] || return 0
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
    if [ -e /run/udev/control ]; then
        udevadm control --reload
        udevadm trigger --subsystem-match=gpio
    fi
}

start_services() {
    if [ "$changed" = yes ]; then verb=restart; else verb=start; fi
    for unit in $units; do
        # Why a service did not start is told below, from its own state.
        systemctl "$verb" "$unit" 2>/dev/null || :
    done
}

# The attract screen draws on the bare console, which a desktop would hold.
warn_of_desktop() {
    [ "$(systemctl get-default)" = graphical.target ] || return 0
    [ -e /etc/systemd/system/display-manager.service ] || return 0
    say "A desktop holds the display. For the attract screen: systemctl set-default multi-user.target, then reboot."
}

say_next_step() {
    if [ "$start" = no ]; then
        say "Next: edit $config; the cabinet starts at the next boot."
    elif systemctl is-active --quiet arcade-controller; then
        say "The cabinet is running. Next: buy one credit, and watch it arrive: journalctl -fu arcade-controller"
    elif [ "$(systemctl show -P ExecMainStatus arcade-controller)" = 78 ]; then
        say "Installed, not yet configured. Next: edit $config, then: systemctl restart arcade-controller"
    else
        fail "the controller did not start; journalctl -u arcade-controller says why"
    fi
}

main() {
    read_options "$@"
    check_system "$@"
    install_packages
    install_users
    install_config
    install_release
    install_services
    tell_system
    [ "$changed" = yes ] || say "Nothing to change."
    [ "$start" = no ] || start_services
    warn_of_desktop
    say_next_step
}

main "$@"
