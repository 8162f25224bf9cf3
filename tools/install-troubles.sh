# shellcheck shell=bash
# shellcheck disable=SC2154,SC2086 # source_dir and its like are test-install.sh's; none has a space in it
# Sourced by test-install.sh: what is in an installation's way, with the real apt, dpkg, pip and file systems.

proxy_conf=/etc/apt/apt.conf.d/zz-test

check_windows() {
    local windows=/root/windows said status=0
    inside sh -c "cp -r $source_dir $windows && find $windows -type f -exec sed -i 's/\$/\r/' {} +"
    said=$(inside sh $windows/install.sh 2>&1) || status=$?
    same "a copy with the line ends of Windows is refused" 1 $status
    check "and says so" says "$said" "has the line ends of Windows (CRLF)"
    inside sh -c "cd $windows && ${said#*in its folder, }"
    check "what it tells to do mends it" says "$(inside $windows/install.sh --check 2>&1 || :)" "things differ from this copy"
    inside rm -r $windows
}

check_full_card() {
    local before said status=0
    inside mount -t tmpfs -o size=50m none /opt
    before=$(snapshot)
    said=$(install_sh) || status=$?
    same "a card that is almost full is refused" 1 $status
    check "it says what of" says "$said" "no room: /opt has 50 MB left, and 60 are needed"
    check "it changes nothing" diff <(echo "$before") <(snapshot)
    inside umount /opt
}

# A package of ours is missing, for as long as somebody has not installed it.
without_a_package() { inside dpkg --remove --force-depends libgles2 >/dev/null 2>&1; }

# shellcheck disable=SC2016 # dpkg's own, not the shell's
has_the_package() { inside dpkg-query -W -f '${Status}' libgles2 2>/dev/null | grep -q ' installed$'; }

check_busy_apt() {
    local said
    without_a_package
    inside systemd-run --quiet --unit=upgrade --setenv=DEBIAN_FRONTEND=noninteractive \
        apt-get install --reinstall -y -o DPkg::Pre-Invoke::="touch /run/upgrade; sleep 8" procps
    until_true "somebody else has apt" inside test -e /run/upgrade
    said=$(install_sh)
    check "an apt in use is waited for, by its name" says "$said" "apt is in use by apt-get (process "
    check "and then the packages come" says "$said" "packages libgles2: installed"
    check "they do" has_the_package
}

check_interrupted_apt() {
    local said status=0
    without_a_package
    inside sh -c 'cd /tmp && apt-get download -qq libgles2 && dpkg --unpack libgles2_*.deb' >/dev/null 2>&1
    said=$(inside setsid $source_dir/install.sh 2>&1 <&-) || status=$?
    same "without a terminal, what was interrupted is finished" 0 $status
    check "it says so" says "$said" "an earlier installation of packages was interrupted: finishing it first"
    check "it is" has_the_package
    same "nothing is left half done" "" "$(inside dpkg --audit)"
}

check_mirrors() {
    local said
    without_a_package
    inside apt-get clean
    printf 'Acquire::http::Proxy "http://127.0.0.1:9";\nAcquire::https::Proxy "http://127.0.0.1:9";\nAcquire::Retries "0";\n' |
        inside tee $proxy_conf >/dev/null
    said=$(install_sh || :)
    check "an apt that reaches nobody is told" says "$said" "no more was done. A server does not answer"
    inside rm $proxy_conf
    install_sh >/dev/null
    check "and afterwards it goes on" has_the_package
    inside sh -c "cp /etc/pip.conf /etc/pip.conf.aside
        printf '[global]\nindex-url = http://127.0.0.1:9/simple\nretries = 0\n' >/etc/pip.conf
        echo '# changed' >>$source_dir/requirements/cabinet.lock"
    said=$(install_sh || :)
    check "a pip that reaches nobody is told" says "$said" "nothing was replaced. A server does not answer"
    inside sh -c "mv /etc/pip.conf.aside /etc/pip.conf && sed -i '\$d' $source_dir/requirements/cabinet.lock"
    check "and all is as it was" says "$(install_sh)" "Nothing to change."
}
