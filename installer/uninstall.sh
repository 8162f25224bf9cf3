# shellcheck shell=sh
# Sourced by install.sh: the other way round.

uninstall() {
    for unit in $units; do
        [ -e "$unit_dir/$unit" ] || continue
        step "$unit" "stopped and removed" remove_unit "$unit"
    done
    for path in "$app" "$new" "$old" "$command" "$udev_rule" "$user_list" /run/arcade-cabinet "$pictures" /var/lib/arcade-marquee; do
        if [ -e "$path" ]; then step "$path" removed rm -rf "$path"; fi
    done
    keep_boot_lines
    let_console_be
    for path in "$(dirname "$config")" "$state"; do
        [ -e "$path" ] || continue
        if [ "$purge" = yes ]; then
            step "$path" deleted rm -rf "$path"
        else
            # No later user may get its keys along with its number.
            is_roots "$path" || step "$path" "kept, for root alone" chown -R root:root "$path"
        fi
    done
    for user in cabinet attract; do
        if id "$user" >/dev/null 2>&1; then step "user $user" removed userdel "$user"; fi
    done
    tell_system
    if [ "$changes" = 0 ]; then say "Nothing to remove."; else say "Removed. Packages of apt stay; so does the group gpio."; fi
}

is_roots() { [ -z "$(find "$1" \( ! -user root -o ! -group root \) -print -quit)" ]; }

remove_unit() {
    systemctl disable --quiet --now "$1" 2>/dev/null || :
    rm -rf "${unit_dir:?}/$1" "$unit_dir/$1.d"
    systemctl reset-failed "$1" 2>/dev/null || :
}
