# shellcheck shell=sh
# Sourced by install.sh: Debian's packages, by an apt that others use, too, and that somebody may have interrupted.

apt_locks="/var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock"
dpkg_updates=/var/lib/dpkg/updates
apt_wait_s=900              # an unattended upgrade of a month takes minutes on a Pi

apt_install() {
    wait_for_apt
    words=$(mktemp)
    finish_interrupted
    say "apt installs $* ..."
    kept "$words" ask_apt update || :  # what it has may do
    kept "$words" ask_apt install --no-install-recommends "$@" ||
        fail "apt could not install $*, as it says above; no more was done. $(why_of "$words")"
    forget_words
}

# It has nobody to ask: a changed file of /etc stays as it is, and there may be no terminal. What takes the lock between our
# look and its own is waited for by apt itself.
ask_apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=$apt_wait_s \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null >/dev/null
}

# The plug was pulled, or a terminal closed: until this is done apt does nothing else.
finish_interrupted() {
    if [ -z "$(dpkg --audit 2>/dev/null)" ] && [ -z "$(ls "$dpkg_updates" 2>/dev/null)" ]; then return; fi
    say "an earlier installation of packages was interrupted: finishing it first (dpkg --configure -a) ..."
    { kept "$words" configure_all && kept "$words" ask_apt install --fix-broken; } ||
        fail "what was interrupted cannot be finished, as it says above; no more was done. $(why_of "$words")"
}

configure_all() { DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a </dev/null >/dev/null; }

wait_for_apt() {
    waited_s=0
    told=
    while holder=$(apt_holder) && [ "$holder" ]; do
        [ $waited_s -lt $apt_wait_s ] || fail "apt is still in use by $holder after $((apt_wait_s / 60)) minutes; \
nothing was changed. Run this again when it has ended"
        [ "$holder" = "$told" ] || say "apt is in use by $holder: waiting until it has ended, for up to $((apt_wait_s / 60)) minutes ..."
        told=$holder
        sleep 2
        waited_s=$((waited_s + 2))
    done
}

# Who holds one of apt's locks, as NAME (process N): by its inode, and another file system may have a file of that number.
apt_holder() {
    for lock in $apt_locks; do
        inode=$(stat -c %i "$lock" 2>/dev/null) || continue
        awk -v inode="$inode" '$4 == "WRITE" {n = split($6, at, ":"); if (at[n] == inode) print $5}' /proc/locks | while read -r pid; do
            [ -z "$(find "/proc/$pid/fd" -lname "$lock" 2>/dev/null)" ] || say "$(cat "/proc/$pid/comm") (process $pid)"
        done
    done | head -n 1
}
