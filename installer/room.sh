# shellcheck shell=sh
# Sourced by install.sh: whether the card has the room, before anything is changed.

# MB PATH WHAT, a line each. In Debian 12 apt's peak is 442 MB; the release is built beside the old one.
room_needed() {
    missing=$(missing_packages)
    case $missing in
        "") if is_installed; then return; fi ;;
        *pygame* | *mesa* | *libegl* | *libgles*)
            say "340 /usr packages of apt"
            say "160 /var/cache/apt their download"
            ;;
        *)
            say "40 /usr packages of apt"
            say "80 /var/cache/apt their download"
            ;;
    esac
    say "60 $app the release"
    say "20 /tmp its download"
    say "30 $state the ledger"
    boot=$(boot_file)
    [ -z "$boot" ] || say "1 $boot what is written there"
}

check_room() {
    short=$(room_needed | while read -r mb path what; do say "$(free_at "$path") $mb $what"; done | short_of_room)
    [ "$short" ] || return 0
    short="no room: $short. Make room (sudo apt-get clean; sudo du -xhd 2 / | sort -h shows what is large), or take a larger card"
    if [ "$mode" = check ]; then say "$short"; else fail "$short. Nothing was changed"; fi
}

# free_at PATH: the file system that it is on, or will be, and how many MB a service could still write there.
free_at() {
    place=$1
    until [ -e "$place" ]; do place=$(dirname "$place"); done
    df -Pk "$place" | awk 'NR == 2 {print $6, int($4 / 1024)}'
}

# From lines of FILE-SYSTEM FREE NEEDED WHAT: which are short, and for what.
short_of_room() {
    awk '
        {
            mount = $1; free[mount] = $2; needed[mount] += $3
            what = $3 " for " substr($0, length($1 $2 $3) + 4)
            parts[mount] = parts[mount] (mount in order ? ", " : "") what
            if (!(mount in order)) {order[mount] = ++count; mounts[count] = mount}
        }
        END {
            for (at = 1; at <= count; at++) {
                mount = mounts[at]
                if (free[mount] >= needed[mount]) continue
                printf "%s%s has %d MB left, and %d are needed (%s)", join, mount, free[mount], needed[mount], parts[mount]
                join = "; "
            }
        }'
}
