# shellcheck shell=sh
# Sourced by install.sh: packages, users, config.yaml.

has_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'; }

# Raspberry Pi OS packages it; for Debian 12 there is a wheel.
has_packaged_lgpio() { [ -e /etc/rpi-issue ] || apt-cache show python3-lgpio >/dev/null 2>&1; }

# pygame is the system's everywhere: the one from pip cannot draw without a desktop. Debian's does so with EGL, OpenGL ES and
# Mesa's drivers, none of which its package names. python3-pil (2 MB) opens the operator's pictures; clips need python3-av (70 MB),
# which is for who has some to install.
missing_packages() {
    wanted="ca-certificates python3-venv python3-pygame python3-pil libegl1 libgles2 libgl1-mesa-dri alsa-utils"
    if has_packaged_lgpio; then wanted="$wanted python3-lgpio"; fi
    for package in $wanted; do
        has_package "$package" || printf ' %s' "$package"
    done
}

install_packages() {
    missing=$(missing_packages)
    # shellcheck disable=SC2086 # a list of names
    [ -z "$missing" ] || step "packages$missing" installed apt_install $missing
}

# --- users, configuration ---

# put SOURCE TARGET [MODE]: copies a file that is not there, or differs.
put() {
    if cmp -s "$1" "$2"; then return; fi
    step "$2" written install -D -m "${3:-0644}" "$1" "$2"
}

# keep_access MODE OWNER PATH: puts right who may read it.
keep_access() {
    if [ ! -e "$3" ] || [ "$(stat -c '%a %U:%G' "$3")" = "$1 $2" ]; then return; fi
    step "$3" "given to $2, mode $1" set_access "$@"
}

set_access() {
    chown "$2" "$3"
    chmod "$1" "$3"
}

# systemd-sysusers writes its files anew each time; its list is put in place last, so that it stands for users made.
install_users() {
    list=$source_dir/systemd/arcade-cabinet.sysusers.conf
    if cmp -s "$list" "$user_list" && id cabinet >/dev/null 2>&1 && id attract >/dev/null 2>&1; then return; fi
    step "users cabinet and attract" "set up" env SYSTEMD_LOG_LEVEL=warning systemd-sysusers "$list"
    put "$list" "$user_list"
}

install_config() {
    if [ ! -e "$config" ]; then
        step "$config" written install -D -m 0640 -g cabinet "$source_dir/config.yaml" "$config"
    fi
    keep_access 750 root:cabinet "$(dirname "$config")"
    keep_access 640 root:cabinet "$config"
}
