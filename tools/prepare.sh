#!/bin/sh
# Gets this machine ready for `make demo`, `make bench`, `make test` or `make mutants`: Debian packages that are
# missing (listed before they are installed), and a virtual environment in .venv. Run again, it finds everything
# in place and takes no time.
set -eu

purpose=${1:?usage: tools/prepare.sh demo|bench|test|mutants}
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Debian puts servers where an ordinary user does not look.
# And PostgreSQL's where nobody looks: each version has a folder of its own.
PATH="$PATH:/usr/sbin:/usr/local/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' :)"

# What each purpose needs: Debian's as command:package, and Python's as extras of pyproject.toml. What it `likes` is
# installed where that is possible; without it some tests say that they are skipped.
likes=""
case $purpose in
    demo) needs="mosquitto:mosquitto" extras="demo" ;;
    bench) needs="mosquitto:mosquitto cyclictest:rt-tests" likes="nginx:nginx-light initdb:postgresql" extras="demo bench" ;;
    test)
        needs="mosquitto:mosquitto chromium:chromium chromedriver:chromium-driver shellcheck:shellcheck faketime:faketime systemd-analyze:systemd"
        likes="nginx:nginx-light promtool:prometheus initdb:postgresql Xvfb:xvfb weston:weston aplay:alsa-utils"
        extras="demo dev"
        ;;
    mutants) needs="" extras="demo dev mutants" ;;
    *) die "usage: tools/prepare.sh demo|bench|test|mutants" ;;
esac

# A Python that was named is the one to take: another in its place would be a surprise.
find_python() {
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        case $(version_of "$python") in
            "" | 2.* | 3.[0-9] | 3.10) ;;
            *)
                command -v "$python"
                return
                ;;
        esac
    done
    die "Python 3.11 or newer is needed, and $(what_is "${PYTHON:-python3}"): install one, or name one:
  make PYTHON=/path/to/python"
}

# 3.11, say; nothing where it does not run.
version_of() { "$1" -V 2>/dev/null | sed -n 's/^Python \([0-9]*\.[0-9]*\).*/\1/p'; }

what_is() {
    version=$(version_of "$1")
    if [ -n "$version" ]; then echo "$1 is $version"; else echo "$1 does not run"; fi
}

missing_of() {
    for need in "$@"; do
        command -v "${need%%:*}" >/dev/null || printf ' %s' "${need#*:}"
    done
}

missing_packages() {
    # shellcheck disable=SC2086 # a list of words
    missing_of $needs
    # Debian keeps the part of venv that installs pip in a package of its own.
    if [ ! -e .venv/bin/pip ] && ! "$python" -I -m ensurepip --version >/dev/null 2>&1; then
        printf ' python3-venv'
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# What to do where the packages cannot be installed from here.
by_hand() {
    command -v apt-get >/dev/null || { say "Debian calls them so; install them with this system's own tool."; return; }
    say "$(id -un) may not install them without a password. Run this once as root (after sudo -i, say), then make again:"
    say "  apt-get update && apt-get install --no-install-recommends$*"
    case $* in
        *mosquitto*) say "  systemctl disable --now mosquitto.service   # the demo starts its own" ;;
    esac
}

enabled_services() {
    systemctl --root=/ list-unit-files --type=service --state=enabled --no-legend 2>/dev/null |
        awk '{print $1}' | sort
}

install_packages() {
    if ! command -v apt-get >/dev/null || ! may_install; then
        say "Missing here:$*"
        by_hand "$*"
        exit 1
    fi
    say "Missing here, and installed now with apt:$*"
    with_apt "$*" || die "apt could not install:$*"
}

# Offline, say: what is only liked must not stop anything.
install_liked() {
    if command -v apt-get >/dev/null && may_install && with_apt "$*"; then return; fi
    say "Not installed here, and its tests are skipped:$*"
}

with_apt() {
    before=$(enabled_services)
    block_service_starts
    trap unblock_service_starts EXIT INT TERM
    installed=yes
    # shellcheck disable=SC2048,SC2086 # a list of packages
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $* >/dev/null; } || installed=no
    unblock_service_starts
    trap - EXIT INT TERM
    disable_new_services "$before"
    [ $installed = yes ]
}

# Debian's mosquitto would be started and enabled by its installation; the demo and the tests run their own.
policy=/usr/sbin/policy-rc.d
block_service_starts() {
    policy_is_ours=no
    [ -e "$policy" ] && return
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    policy_is_ours=yes
}
unblock_service_starts() {
    if [ "$policy_is_ours" = yes ]; then as_root rm -f "$policy"; policy_is_ours=no; fi
}
disable_new_services() {
    for service in $(enabled_services); do
        printf '%s\n' "$1" | grep -qxF "$service" || as_root systemctl --root=/ disable --quiet "$service"
    done
}

# An environment that was cut short while it was made has no pip; one of another Python is no use.
is_environment() {
    [ "$(.venv/bin/python -V 2>/dev/null)" = "$("$python" -V)" ] && .venv/bin/python -I -m pip --version >/dev/null 2>&1
}

make_environment() {
    wanted=$({ "$python" -V; cat pyproject.toml cloud_relay/requirements.txt fleet/requirements.txt requirements/cabinet.lock; } | cksum)
    stamp=.venv/ready-for-$purpose
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    say "Making the virtual environment in .venv (once; about a minute)"
    is_environment || "$python" -I -m venv --clear .venv
    # shellcheck disable=SC2086 # a list of names
    .venv/bin/python -I tools/requirements.py project $extras >.venv/requirements.txt
    # What a cabinet and a relay run on is what is tested. (As plain lists: their hashes would be asked of all others too.)
    .venv/bin/python -I tools/pins.py requirements/cabinet.lock >.venv/constraints.txt
    .venv/bin/python -I tools/pins.py cloud_relay/requirements.txt >>.venv/requirements.txt
    .venv/bin/python -I tools/pins.py fleet/requirements.txt >>.venv/requirements.txt
    .venv/bin/python -I -m pip install --quiet --disable-pip-version-check --constraint .venv/constraints.txt \
        --requirement .venv/requirements.txt ||
        die "pip could not install what pyproject.toml, cloud_relay/requirements.txt and fleet/requirements.txt name; its words are above"
    printf '%s\n' "$wanted" >"$stamp"
}

python=$(find_python)
missing=$(missing_packages)
[ -z "$missing" ] || install_packages "$missing"
# shellcheck disable=SC2086 # a list of words
liked=$(missing_of $likes)
[ -z "$liked" ] || install_liked "$liked"
make_environment
