# shellcheck shell=bash
# Sourced by the tests that need a machine of their own: a small Debian with its own systemd, in a container on
# this machine. Needs root, and Debian's packages mmdebstrap and systemd-container. The bare Debian is built once and
# kept in build/NAME-OF-THE-TEST, beside the last run's journal; each boot starts from it anew. apt and pip in the
# container use this machine's settings; so do its sockets: the network is this machine's.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
test_name=$(basename "$0" .sh)
work=$project/build/$test_name
suite=${SUITE:-bookworm}    # or trixie
bare=$work/debian-$suite
wait_s=60
container=
init=
checks=0
failures=0

fail() {
    echo "$test_name: $*" >&2
    exit 1
}

# --- the container ---

require() {
    [ "$(id -u)" = 0 ] || fail "needs root, for the container"
    for tool in mmdebstrap systemd-nspawn nsenter; do
        command -v "$tool" >/dev/null ||
            fail "$tool is missing; run: apt-get install mmdebstrap systemd-container"
    done
}

# build_bare_debian PACKAGE,... (beside systemd)
build_bare_debian() {
    local packages=systemd,systemd-sysv,dbus,$1
    require
    [ "$(cat "$bare/built" 2>/dev/null)" = "$packages" ] && return
    echo "Building a bare Debian ($suite) in $bare ..."
    rm -rf --one-file-system "$bare"
    mkdir -p "$work"
    apt-config dump | grep '^Acquire::' | grep -Ev '::(IndexTargets|CompressionTypes|Changelogs)' >"$work/apt.conf"
    mmdebstrap --quiet --variant=minbase --aptopt="$work/apt.conf" \
        --include="$packages" "$suite" "$bare"
    # Left mounted by some versions; whoever copied the folder would copy the kernel's memory map.
    if mountpoint --quiet "$bare/proc"; then umount "$bare/proc"; fi
    echo "$packages" >"$bare/built"
}

# Where this machine's pip gets its packages from: its files, and every path that they or its variables name
# (an index that is a directory keeps its files beside its "simple").
pip_paths() {
    {
        python3 -I -m pip config debug | sed -n 's/^ *\(\/.*\), exists: True$/\1/p'
        { python3 -I -m pip config list; env | grep '^PIP_'; } | grep -oE "(file://)?/[^ ']+" | sed 's|^file://||; s|/simple$||'
    } | sort -u | while read -r path; do [ ! -e "$path" ] || echo "$path"; done
}

# What this machine's pip goes by, be it a user's or a variable: in the container it is the system's, for install.sh takes
# nothing else.
pip_config() {
    echo "[global]"
    { python3 -I -m pip config list; env | sed -n "s/^https_proxy=\(.*\)/global.proxy='\1'/Ip"; } |
        sed -n "s/^[^.]*\.\([a-z-]*\)='\(.*\)'$/\1 = \2/p" | awk '!seen[$1]++'
}

boot() {
    local binds=() path
    while read -r path; do binds+=("--bind-ro=$path"); done < <(pip_paths | grep -v '/pip\.conf$')
    # What a service may do on a real machine it may do in here: realtime scheduling, locked memory.
    systemd-nspawn --capability=CAP_SYS_NICE,CAP_IPC_LOCK,CAP_SYS_RESOURCE --system-call-filter="@resources @memlock" \
        --quiet --register=no --keep-unit --settings=no --link-journal=no --volatile=overlay \
        --machine=cabinet --directory="$bare" "${binds[@]}" --boot </dev/null >"$work/console.txt" 2>&1 &
    container=$!
    trap shut_down EXIT
    until_true "the container boots" booted
    pip_config | inside tee /etc/pip.conf >/dev/null
}

shut_down() {
    inside journalctl --no-pager >"$work/journal.txt" || :
    kill "$container" 2>/dev/null || :
    wait "$container" || :
    trap - EXIT
}

booted() {
    init=$(pgrep -P "$container" | head -n 1) && [ -n "$init" ] &&
        [[ $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]
}

inside() {
    env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        nsenter --target "$init" --all -- "$@"
}

as() { inside runuser --user "$1" -- "${@:2}"; }

# copy_project FOLDER: this working tree, without what git ignores.
copy_project() {
    (cd "$project" && git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -cf -) |
        inside sh -c "mkdir -p $1 && tar -xf - -C $1 --no-same-owner"
}

# copy_commit COMMIT FOLDER: the project as it was.
copy_commit() { git -C "$project" archive "$1" | inside sh -c "mkdir -p $2 && tar -xf - -C $2 --no-same-owner"; }

# --- checking ---

until_true() {
    local what=$1 end=$((SECONDS + wait_s))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "waited $wait_s s in vain: $what; see console.txt and journal.txt in $work"
        sleep 0.1
    done
}

# check SENTENCE COMMAND...
check() {
    local sentence=$1
    shift
    checks=$((checks + 1))
    if "$@"; then
        echo "ok    $sentence"
    else
        failures=$((failures + 1))
        echo "FAIL  $sentence"
    fi
}

# same SENTENCE EXPECTED ACTUAL
same() {
    check "$1" [ "$2" = "$3" ] || :
    [ "$2" = "$3" ] || printf '      expected: %s\n      was:      %s\n' "$2" "$3"
}

refused() { ! "$@" >/dev/null 2>&1; }

says() { # says OUTPUT TEXT
    [[ $1 == *"$2"* ]] || { indent "$(tail -n 20 <<<"$1")"; return 1; }
}

indent() { printf '%s\n' "$1" | sed 's/^/      | /'; }

verdict() {
    echo "$((checks - failures)) passed, $failures failed"
    [ $failures = 0 ]
}
