#!/bin/bash
# Runs the first two verbs of README.md on a machine that has only git, make and python3: a small Debian 12 in a
# container on this machine (tools/container.sh says what that needs). The last run's journal is in
# build/test-bare-machine.
set -euo pipefail

# shellcheck source=tools/container.sh
. "$(dirname "$0")/container.sh"

roots=/root/arcade-cabinet
newcomers=/home/newcomer/arcade-cabinet
owners_config=/etc/mosquitto/conf.d/owner.conf
verdict_of_a_sale="The board counted 3 of 3 credits; Stripe: 0.00 reserved, 2.50 charged, 0.00 released, 0.00 refunded: right"
most_s=120
# The container's ports are this machine's: some that nothing else is likely to hold.
port=28800
mosquittos_port=28830

# demo_once USER FOLDER [NAME=VALUE...]
demo_once() { as "$1" env HOME="${2%/*}" "${@:3}" make --no-print-directory -C "$2" demo-once 2>&1; }

# Every unit that is enabled or active, but for Debian's own that come and go by themselves.
services() {
    inside sh -c 'systemctl list-unit-files --type=service,socket,timer --state=enabled --no-legend --plain
        systemctl list-units --type=service,socket,timer --state=active --no-legend --plain' |
        awk '{print $1}' | grep -Ev '^(apt-daily|dpkg-db-backup|systemd-tmpfiles|systemd-networkd|user@|user-runtime-dir@)' | sort
}

# Every file in which the verbs could leave something, but for what Python keeps of its own imports.
snapshot() {
    inside find /etc /usr /home /root /var/lib/dpkg -not -path '*/__pycache__*' -printf '%p %m %u:%g %T@\n' | sort
}

newcomer() {
    inside useradd --create-home newcomer
    copy_project $newcomers
    # The settings of root's pip, which the mirror of this machine may be named in.
    inside sh -c "[ ! -e /root/.config/pip ] || { mkdir -p ${newcomers%/*}/.config; cp -r /root/.config/pip ${newcomers%/*}/.config; }"
    inside chown -R newcomer: "${newcomers%/*}"
}

# --- the parts of the test ---

check_ordinary_user() {
    local before said status=0
    before=$(snapshot)
    said=$(demo_once newcomer $newcomers) || status=$?
    same "without root and sudo, the demo does not start" 2 $status
    check "it says what is missing" says "$said" "mosquitto python3-venv"
    check "it says what to run" says "$said" "apt-get install --no-install-recommends mosquitto python3-venv"
    check "it has changed nothing" diff <(echo "$before") <(snapshot)
}

# A python3 that is 3.9, and nothing newer beside it.
old_python() {
    inside sh -c 'mkdir /opt/old-python && cd /opt/old-python && cat >python3 && chmod +x python3 && ln -s python3 python3.11' \
        <<'OLD'
#!/bin/sh
[ "$1" = -V ] && echo "Python 3.9.2"
OLD
}

check_old_python() {
    local before said status=0
    old_python
    before=$(snapshot)
    said=$(demo_once root $roots PATH=/opt/old-python:/usr/sbin:/usr/bin:/sbin:/bin) || status=$?
    same "with Python 3.9, the demo does not start" 2 $status
    check "it says which Python it needs" says "$said" "Python 3.11 or newer is needed, and python3 is 3.9"
    said=$(demo_once root $roots PYTHON=/opt/old-python/python3) || :
    check "a Python that is named and too old is refused by its name" says "$said" "/opt/old-python/python3 is 3.9"
    said=$(demo_once root $roots PYTHON=python3.99) || :
    check "a Python that is named and not there is no reason to take another" says "$said" "python3.99 does not run"
    check "all this has changed nothing" diff <(echo "$before") <(snapshot)
}

check_from_nothing() {
    local before said status=0 began=$SECONDS
    before=$(services)
    said=$(demo_once root $roots) || status=$?
    same "from nothing, a sale ends well" 0 $status
    same "board and Stripe agree" "$verdict_of_a_sale" "$(tail -n 1 <<<"$said")"
    check "it says what it installs" says "$said" "Missing here, and installed now with apt: mosquitto python3-venv"
    check "apt, pip and the sale took $((SECONDS - began)) s, and may take $most_s" [ $((SECONDS - began)) -lt $most_s ]
    check "no service runs or is enabled that was not before" diff <(echo "$before") <(services)
    same "Debian's mosquitto is not enabled" disabled "$(inside systemctl is-enabled mosquitto || :)"
    same "Debian's mosquitto does not run" inactive "$(inside systemctl is-active mosquitto || :)"
    check "nothing keeps later packages from starting their services" refused inside test -e /usr/sbin/policy-rc.d
}

check_again() {
    local said began=$SECONDS
    said=$(demo_once root $roots)
    same "the second time it has nothing to prepare" 10 "$(wc -l <<<"$said")"
    same "and sells again ($((SECONDS - began)) s)" "$verdict_of_a_sale" "$(tail -n 1 <<<"$said")"
}

# The demo as a person starts it: in a process group of its own, which Ctrl-C reaches as a whole.
start_demo() {
    inside env --default-signal=INT HOME="${newcomers%/*}" setsid setpriv --reuid newcomer --regid newcomer --init-groups \
        make --no-print-directory -C $newcomers demo PORT=$port >"$work/demo.txt" 2>&1 &
    until_true "the demo prints its address" demo_is_ready
}

demo_is_ready() { grep -q "Ctrl-C" "$work/demo.txt"; }

nobody_is_left() { refused inside pgrep -u newcomer; }

check_demo() {
    local said status=0
    start_demo
    same "once its environment is made, the demo prints three lines" \
        "Open http://127.0.0.1:$port/ in a browser.
Scan the code with the phone on the page and press Pay: the money is simulated.
Press Ctrl-C here to end it." "$(grep -v 'virtual environment' "$work/demo.txt" | grep -v ^WARNING)"
    check "it serves its page" says "$(fetch http://127.0.0.1:$port/)" "<html"
    said=$(as newcomer make --no-print-directory -C $newcomers demo PORT=$((port + 100)) 2>&1) || status=$?
    same "a second demo does not start" 2 $status
    check "and says where the first one is" says "$said" "a demo already runs here"
    check "and at which address" says "$said" "http://127.0.0.1:$port"
    check "the first one serves on" says "$(fetch http://127.0.0.1:$port/)" "<html"
    inside kill -INT -- "-$(inside pgrep -o -u newcomer)"
    until_true "Ctrl-C ends every process of the demo" nobody_is_left
    check "the page's port is free again" refused fetch http://127.0.0.1:$port/
    same "Ctrl-C ends it without a word" "" "$(sed '1,/Ctrl-C/d' "$work/demo.txt")"
}

fetch() { inside python3 -I $roots/tools/container/fetch.py "$1"; }

mosquittos_state() {
    inside systemctl show mosquitto --property=UnitFileState,ActiveState,MainPID,NRestarts
    inside sha256sum $owners_config
}

check_owners_mosquitto() {
    local before
    inside sh -c "mkdir -p ${owners_config%/*} && echo listener $mosquittos_port >$owners_config
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mosquitto" >/dev/null 2>&1
    until_true "the owner's mosquitto runs" inside systemctl is-active --quiet mosquitto
    before=$(mosquittos_state)
    same "beside the owner's mosquitto, a sale ends well" "$verdict_of_a_sale" "$(demo_once root $roots | tail -n 1)"
    same "the owner's mosquitto is as it was" "$before" "$(mosquittos_state)"
}

main() {
    build_bare_debian udev,procps,ca-certificates,git,make,python3
    boot
    copy_project $roots
    newcomer
    check_ordinary_user
    check_old_python
    check_from_nothing
    check_again
    check_demo
    shut_down
    boot
    copy_project $roots
    check_owners_mosquitto
    verdict
}

main "$@"
