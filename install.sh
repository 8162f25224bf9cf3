#!/bin/sh
# Sets up an arcade cabinet on Raspberry Pi OS (Bookworm, Trixie; 64-bit) or Debian 12.
# Asks nothing; may be run again at any time, and then changes only what differs: that is the upgrade, too.
#
#   sudo ./install.sh               install or upgrade, start now and at every boot
#   sudo ./install.sh --no-start    the same for an image: nothing is started now
#   sudo ./install.sh --from DIR    the same without a network: the wheels lie in DIR (tools/bundle.sh gathers them)
#   sudo ./install.sh --check       change nothing; say what would be changed, and check the cabinet
#   sudo ./install.sh --uninstall   take it off again, but for config.yaml and the ledger; with --purge, these too
line_end='
' # The line ends of Windows end most scripts in their first command; here a comment hides each, so that it can be said.
[ ${#line_end} = 1 ] || { #
    printf '%s\n' "install.sh: this copy has the line ends of Windows (CRLF), and nothing in it would run on this machine." >&2 #
    printf '%s\n' 'Clone it on this machine, or mend it: in its folder, grep -rlIP "\r$" . | xargs sed -i "s/\r$//"' >&2 #
    exit 1 #
} #

set -eu

# Nothing of whoever calls says where packages come from, or which code runs: no variable, and nothing in a home folder. A
# mirror or a proxy that is meant stands where the system has it: /etc/pip.conf and /etc/apt/apt.conf.d. What runs is the
# system's own: a Python of somebody's in /usr/local has no pygame either.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ "${ARCADE_CABINET_INSTALL-}" != alone ]; then
    exec env -i ARCADE_CABINET_INSTALL=alone PATH=$PATH HOME=/nonexistent LC_ALL=C.UTF-8 sh "$0" "$@"
fi

source_dir=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
app=/opt/arcade-cabinet
new=$app.new                # built here,
old=$app.old                # and this one is put back if it does not start
config=/etc/arcade-cabinet/config.yaml
state=/var/lib/arcade-cabinet
pictures=/var/lib/arcade-attract-screen   # made from others, and made anew when they are missed
command=/usr/local/bin/cabinet
udev_rule=/etc/udev/rules.d/60-arcade-cabinet.rules
user_list=/etc/sysusers.d/arcade-cabinet.conf
unit_dir=/etc/systemd/system
release="controller attract_screen pyproject.toml README.md CHANGELOG.md"
run_from="install.sh installer requirements systemd config.yaml $release"
started="arcade-first-boot.service arcade-controller.service arcade-attract-screen.service arcade-marquee.path"
# The controller's end starts the one, and a feed for a marquee the other.
units="$started arcade-setup-screen.service arcade-marquee.service"

mode=install
start=yes
purge=no
bundle=
changes=0                   # how many things differed

umask 022                   # root's own may be stricter, and then the services could not read their code
export PYTHONNOUSERSITE=1   # what root has in its home is not there for the services

# What stands at the top of this file.
usage() { awk 'NR > 1 && !/^#/ {exit} NR > 1 {sub(/^# ?/, ""); print}' "$0"; }

say() { printf '%s\n' "$*"; }

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

# step THING DONE COMMAND...: does it, and says so in a line. With --check it only says so.
step() {
    changes=$((changes + 1))
    if [ "$mode" = check ]; then
        say "$1: would be $2"
        return
    fi
    said="$1: $2"
    shift 2
    "$@"
    say "$said"
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --no-start) start=no ;;
            --from)
                [ -d "${2-}" ] || fail "--from needs the folder that tools/bundle.sh made, and ${2:-nothing} is none"
                bundle=$(CDPATH='' cd -- "$2" && pwd)
                shift
                ;;
            --check) mode=check ;;
            --uninstall) mode=uninstall ;;
            --purge) purge=yes ;;
            --help | -h)
                usage
                exit
                ;;
            *) fail "unknown option $1; there are --no-start, --from DIR, --check, --uninstall, --purge and --help" ;;
        esac
        shift
    done
    [ "$purge" = no ] || [ "$mode" = uninstall ] || fail "--purge goes with --uninstall: it deletes config.yaml and the ledger"
}

check_system() {
    [ "$(id -u)" = 0 ] || fail "needs root; run: sudo $0 $*"
    for tool in apt-get systemctl systemd-sysusers; do
        command -v "$tool" >/dev/null ||
            fail "$tool is missing; this needs Raspberry Pi OS (Bookworm or Trixie) or Debian 12"
    done
    case $(dpkg --print-architecture) in
        arm64 | amd64) ;;
        *) fail "needs a system of 64 bits, and this one is $(dpkg --print-architecture): write the card anew, with Raspberry Pi OS Lite (64-bit)" ;;
    esac
    for item in $run_from; do
        [ -e "$source_dir/$item" ] || fail "$source_dir/$item is missing; run install.sh from a whole copy of the project"
    done
}

# One file of Windows among the others will do: systemd/cabinet would die in its first line.
check_line_ends() {
    # shellcheck disable=SC2086 # a list of names
    windows=$(cd "$source_dir" && grep -rlIPm 1 '\r$' $run_from | head -n 1)
    [ -z "$windows" ] || fail "$source_dir/$windows has the line ends of Windows (CRLF). Clone the project on this machine, \
or mend it: in its folder, grep -rlIP \"\\r\$\" . | xargs sed -i \"s/\\r\$//\""
}

# What root runs from here may be changed by root alone, and by whoever this copy belongs to: it was called all the same. So
# may the folders on the way here, for whoever can rename one has all that is in it; but in one like /tmp only its owner can.
check_owners() {
    owner=$(stat -c %u "$source_dir/install.sh")
    # A group with the name of its user is that user's alone; Debian makes one for each.
    own_group=0
    name=$(id -un "$owner" 2>/dev/null) || :
    if [ "$name" ] && [ "$name" = "$(id -gn "$owner")" ]; then own_group=$(id -g "$owner"); fi
    for item in $run_from; do is_ours "$source_dir/$item" ! -type l; done
    is_ours "$source_dir" -prune
    folder=$(dirname "$source_dir")
    until [ "$folder" = / ]; do
        none_is "$folder" -prune ! -uid 0 ! -uid "$owner"
        is_ours "$folder" -prune ! -perm -1000
        folder=$(dirname "$folder")
    done
}

# is_ours PATH FIND-TEST...
is_ours() {
    none_is "$@" ! -uid 0 ! -uid "$owner"
    none_is "$@" \( -perm -o+w -o -perm -g+w ! -gid 0 ! -gid "$own_group" \)
}

none_is() {
    open=$(find "$@" -print -quit)
    [ -z "$open" ] || fail "$open can be changed by others ($(stat -c '%A %U:%G' "$open")), and root would run what is here. \
Get the project anew, into a folder that is yours alone"
}

load_parts() {
    # shellcheck source=installer/trouble.sh
    . "$source_dir/installer/trouble.sh"
    # shellcheck source=installer/room.sh
    . "$source_dir/installer/room.sh"
    # shellcheck source=installer/apt.sh
    . "$source_dir/installer/apt.sh"
    # shellcheck source=installer/system.sh
    . "$source_dir/installer/system.sh"
    # shellcheck source=installer/release.sh
    . "$source_dir/installer/release.sh"
    # shellcheck source=installer/services.sh
    . "$source_dir/installer/services.sh"
    # shellcheck source=installer/boot_file.sh
    . "$source_dir/installer/boot_file.sh"
    # shellcheck source=installer/kernel_words.sh
    . "$source_dir/installer/kernel_words.sh"
    # shellcheck source=installer/uninstall.sh
    . "$source_dir/installer/uninstall.sh"
}

# The attract screen draws on the bare console, which a desktop would hold.
warn_of_desktop() {
    [ "$(systemctl get-default)" = graphical.target ] || return 0
    [ -e /etc/systemd/system/display-manager.service ] || return 0
    say "A desktop holds the display. For the attract screen: sudo systemctl set-default multi-user.target, then sudo reboot."
}

# The cabinet's own check, where this release has one.
check_cabinet() {
    "$command" check --help >/dev/null 2>&1 || return 0
    "$command" check
}

say_next_step() {
    edit="sudoedit $config, then: sudo systemctl restart arcade-controller"
    if [ "$start" = no ]; then
        say "Next: sudoedit $config; the cabinet starts at the next boot."
    elif is_unconfigured && cmp -s "$source_dir/config.yaml" "$config"; then
        say "Installed, not yet configured. Next: $edit"
    elif is_unconfigured; then
        check_cabinet || :
        say "Installed, but the controller does not take its config.yaml: what it says stands above. Next: $edit"
    elif check_cabinet; then
        say "The cabinet is running. Next: test a coin: sudo cabinet pulse 1"
    else
        say "The cabinet is running. Next: see to what its check found; sudo cabinet check looks again."
    fi
}

# Everything that a running controller has to be started again for, and then the rest.
install_all() {
    check_wheels
    check_room
    install_packages
    install_users
    install_config
    install_release
    install_services
    verb=start
    if [ "$changes" != 0 ]; then verb=restart; fi
    put "$source_dir/systemd/cabinet" "$command" 0755
    keep_coin_line_low
    keep_console_dark
}

main() {
    read_options "$@"
    check_system "$@"
    check_owners
    check_line_ends
    load_parts
    case $mode in
        install)
            trap 'rm -rf "$new"; forget_words' EXIT
            install_all
            if [ "$changes" = 0 ]; then say "Nothing to change."; else tell_system; fi
            if [ "$start" = yes ]; then start_or_roll_back "$verb"; else rm -rf "$old"; fi
            warn_of_desktop
            say_next_step
            ;;
        check)
            install_all
            for unit in $units; do say "$unit: $(systemctl is-active "$unit" 2>/dev/null || :)"; done
            [ "$changes" != 0 ] || say "Installed is version $(version_of "$app"), as in this copy."
            check_cabinet
            [ "$changes" = 0 ] || fail "$changes things differ from this copy; sudo $0 puts them right"
            ;;
        uninstall) uninstall ;;
    esac
}

main "$@"
