# shellcheck shell=sh
# Sourced by install.sh: the units; and the old release again, if the new one does not start.

install_services() {
    put "$source_dir/systemd/arcade-cabinet.rules" "$udev_rule"
    for unit in $units; do
        put "$source_dir/systemd/$unit" "$unit_dir/$unit"
        if systemctl is-enabled --quiet "$unit" 2>/dev/null; then continue; fi
        step "$unit" enabled systemctl enable --quiet "$unit"
    done
}

tell_system() {
    if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
    if [ -e /run/udev/control ]; then
        udevadm control --reload
        udevadm trigger --subsystem-match=gpio
    fi
}

# Why a service did not start is told below, from its own state.
start_services() {
    for unit in $started; do
        systemctl "$1" "$unit" 2>/dev/null || :
    done
    if [ "$1" = restart ]; then systemctl try-restart arcade-marquee.service 2>/dev/null || :; fi
}

# A daemon that says it is ready and falls over a moment later is no better than one that never was.
stays_up() {
    systemctl is-active --quiet arcade-controller || return 1
    [ "$changes" = 0 ] && return
    starts=$(systemctl show -P NRestarts arcade-controller)
    sleep 3
    systemctl is-active --quiet arcade-controller && [ "$(systemctl show -P NRestarts arcade-controller)" = "$starts" ]
}

is_unconfigured() { [ "$(systemctl show -P ExecMainStatus arcade-controller)" = 78 ]; }

# The old release goes only when the new one runs, or has nothing but its config.yaml against it.
start_or_roll_back() {
    start_services "$1"
    if stays_up || is_unconfigured; then
        rm -rf "$old"
    elif [ -e "$old" ]; then
        roll_back
    else
        tell_last_words
        fail "the controller did not start; its last words stand above, and sudo cabinet logs has the rest"
    fi
}

tell_last_words() { journalctl --unit arcade-controller --lines 8 --output cat --no-pager 2>/dev/null | sed 's/^/    /' >&2; }

roll_back() {
    failed=$(version_of "$app")
    version=$(version_of "$old")
    say "the controller of version $failed did not start. Its last words:"
    tell_last_words
    exchange "$old" "$app"
    for unit in $units; do
        if [ -e "$app/units/$unit" ]; then cp -p "$app/units/$unit" "$unit_dir/"; fi
    done
    rm -rf "$old" "$app/units"
    tell_system
    start_services restart
    if systemctl is-active --quiet arcade-controller; then
        fail "version $failed was taken back: version $version runs again, as before. Nothing else is to be done now"
    fi
    fail "version $failed was taken back, but version $version does not start either; sudo cabinet logs says why"
}
