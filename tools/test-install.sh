#!/bin/bash
# Runs install.sh for real, in a small Debian 12 with a systemd of its own, in a container on this machine
# (tools/container.sh says what that needs). SUITE=trixie tries a stand-in of Raspberry Pi OS Trixie instead. The last run's journal is in build/test-install. PREVIOUS=COMMIT names the
# one to upgrade from; else it is the one before install.sh was last changed.
set -euo pipefail

# shellcheck source=tools/container.sh
. "$(dirname "$0")/container.sh"

source_dir=/root/arcade-cabinet
previous_dir=/root/previous
previous=${PREVIOUS:-$(git -C "$project" rev-list --max-count=1 --skip=1 HEAD -- install.sh)}
config=/etc/arcade-cabinet/config.yaml
ledger=/var/lib/arcade-cabinet/ledger.sqlite
boot_file=/boot/firmware/config.txt
kernel_words_file=/boot/firmware/cmdline.txt
most_exposure=20            # tenths: 2.0 of systemd-analyze security

# In surroundings that lead nowhere, or to traps: none may decide where packages come from, or what is run.
install_sh() {
    in_planted /usr/bin/env PIP_INDEX_URL=http://127.0.0.1:9/ PIP_NO_INDEX=1 https_proxy=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 \
        PYTHONPATH=/nowhere "$source_dir/install.sh" "$@" 2>&1
}

show() { inside systemctl show --property "$2" --value "arcade-$1"; }

journal() { inside journalctl --unit "arcade-$1" --output cat --no-pager; }

is_active() { [ "$(show "$1" ActiveState)" = active ]; }

# Every file that an installation could touch: mode, owner, time of change, content. (What else lies in /opt is this
# machine's: pip's packages, gigabytes of them.)
snapshot() {
    inside sh -c 'ls /opt
        find /boot /etc /opt/arcade-cabinet* /usr /var/lib/arcade-cabinet -printf "%p %m %u:%g %T@\n" 2>/dev/null | sort
        find /boot /etc /opt/arcade-cabinet* /usr -type f -exec sha256sum {} + 2>/dev/null | sort'
}

# drop_in UNIT EXEC_START
drop_in() {
    inside sh -c "mkdir -p /run/systemd/system/arcade-$1.service.d
        printf '[Service]\nExecStart=\nExecStart=%s\n' '$2' >/run/systemd/system/arcade-$1.service.d/test.conf
        systemctl daemon-reload"
}

# shellcheck source=tools/install-updates.sh
. "$(dirname "$0")/install-updates.sh"

# shellcheck source=tools/install-strangers.sh
. "$(dirname "$0")/install-strangers.sh"

# shellcheck source=tools/install-eyes.sh
. "$(dirname "$0")/install-eyes.sh"

# shellcheck source=tools/install-troubles.sh
. "$(dirname "$0")/install-troubles.sh"

saw_edges() { [ "$(inside grep -o 'Edge(' /run/board-edges | wc -l)" = "$1" ]; }

# --- the parts of the test ---

# Trixie is tried as Raspberry Pi OS makes it: with a package of lgpio.
make_raspberry_pi_os() { inside sh $source_dir/tools/container/raspberry_pi_os.sh >/dev/null; }

is_raspberry_pi_os() { [ "$suite" = trixie ]; }

# A Pi's config.txt, as somebody left it: in a section for one kind of Pi, its last line without an end.
make_boot_file() {
    inside mkdir -p ${boot_file%/*}
    printf 'dtparam=audio=on\n\n[pi4]\narm_boost=1' | inside tee $boot_file >/dev/null
    boot_before=$(inside cat $boot_file)
    printf 'console=tty1 root=PARTUUID=1234-02 rootwait\r\n' | inside tee $kernel_words_file >/dev/null
    words_before=$(inside sha256sum $kernel_words_file)
}

check_nothing_there() {
    local before said status=0
    before=$(snapshot)
    said=$(install_sh --check) || status=$?
    same "with nothing installed, --check ends with 1" 1 $status
    check "--check says what would be done" says "$said" "/opt/arcade-cabinet: would be installed, version"
    check "--check changes nothing" diff <(echo "$before") <(snapshot)
}

check_first_install() {
    local said status=0
    said=$(install_sh) || status=$?
    same "a first install ends well" 0 $status
    indent "$said"
    same "it ends with the next step" \
        "Installed, not yet configured. Next: sudoedit $config, then: sudo systemctl restart arcade-controller" \
        "$(tail -n 1 <<<"$said")"
    [ $status = 0 ] || fail "the rest needs an install: $said"
    for unit in arcade-controller arcade-attract-screen; do
        same "$unit.service has no word that systemd does not know" "" \
            "$(inside systemd-analyze verify "/etc/systemd/system/$unit.service" 2>&1)"
        same "$unit is started at boot" enabled "$(inside systemctl is-enabled $unit)"
        said=$(inside systemd-analyze security --offline=yes --threshold=$most_exposure \
            "/etc/systemd/system/$unit.service") && status=0 || status=$?
        same "$(grep -o 'Overall exposure.*: [0-9.]*' <<<"$said") is no more than ${most_exposure%?}.${most_exposure: -1}" 0 $status
    done
    same "pygame is the system's, and lgpio where the system has it" "$(if is_raspberry_pi_os; then echo; else echo lgpio.py; fi)" \
        "$(inside sh -c 'ls /opt/arcade-cabinet/venv/lib/python3*/site-packages' | grep -E '^(pygame|lgpio.py)' || :)"
}

check_boot_file() {
    same "its kernel keeps the console dark, told so in one line" \
        'console=tty1 root=PARTUUID=1234-02 rootwait arcade-cabinet.begin consoleblank=0 vt.global_cursor_default=0 logo.nologo quiet loglevel=3 arcade-cabinet.end\r\n' \
        "$(inside sed -z 's/\r/\\r/g;s/\n/\\n/g' $kernel_words_file)"
    same "a Pi's firmware rests the coin line, on every kind of Pi, and lets go of what is let go of" "$boot_before
# arcade-cabinet: begin (install.sh keeps these lines, install.sh --uninstall takes them out)
[all]
# The coin line is low from power-up until the controller has it,
gpio=17=op,dl
# and a pin that a program lets go of becomes an input, instead of keeping its last level.
dtparam=strict_gpiod
# arcade-cabinet: end" "$(inside cat $boot_file)"
}

check_moved_pin() {
    local said
    inside sed -i 's/^  pin: 17/  pin: 22/' $config
    said=$(install_sh)
    check "a coin line on another pin is told to the firmware" says "$said" "told to rest GPIO 22"
    same "and only that" "1 gpio=22=op,dl" "$(inside sh -c "grep -c ^gpio= $boot_file; grep ^gpio= $boot_file" | xargs)"
    inside sed -i 's/^  pin: 22/  pin: 17/' $config
    install_sh >/dev/null
}

check_unconfigured() {
    same "an empty configuration ends the controller with 78" 78 "$(show controller ExecMainStatus)"
    same "it is not started again" "failed 0" "$(show controller ActiveState) $(show controller NRestarts)"
    local said key
    said=$(journal controller)
    for key in machine_id name broker.host broker.password; do
        check "the journal names $key" says "$said" ": $key is empty: it is needed"
    done
    check "the journal names the relay" says "$said" "$config: relay is missing"
}

check_users() {
    same "the controller's user has the pins" "cabinet gpio" "$(inside id -Gn cabinet)"
    same "the screen's user has the display and the sound" "attract audio input render video" \
        "$(inside id -Gn attract | tr ' ' '\n' | sort | xargs)"
    same "config.yaml belongs to root and the controller" "640 root:cabinet" \
        "$(inside stat -c '%a %U:%G' $config)"
    check "the screen cannot read config.yaml" refused as attract cat $config
    check "no service can change its code" refused as cabinet touch /opt/arcade-cabinet/controller/app.py
    check "the command cabinet says to a stranger what it needs" says \
        "$(as nobody cabinet pulse 1 2>&1 || :)" "run: sudo cabinet pulse 1"
}

check_second_install() {
    local before said
    before=$(snapshot)
    said=$(install_sh)
    check "a second install says that there is nothing to change" says "$said" "Nothing to change."
    check "a second install changes no file" diff <(echo "$before") <(snapshot)
    check "--check finds this copy installed" says "$(install_sh --check)" "Installed is version"
}

check_refusals() {
    check "without root it says how to" says "$(as nobody sh "$public_copy" 2>&1 || :)" "needs root; run: sudo"
    check "--help tells every option" says "$(as nobody sh "$public_copy" --help)" "sudo ./install.sh --from DIR"
    check "a system of 32 bits is refused" says "$(on_32_bits 2>&1 || :)" "write the card anew"
    check "an unknown option is refused" says "$(install_sh --frobnicate || :)" "unknown option --frobnicate"
    check "--purge alone is refused" says "$(install_sh --purge || :)" "--purge goes with --uninstall"
    check "a bundle that is not there is refused" says "$(install_sh --from /nowhere || :)" "/nowhere is none"
}

# install.sh where dpkg says that it is a Pi of 32 bits.
on_32_bits() {
    inside sh -c "mv /usr/bin/dpkg /usr/bin/dpkg.real
        printf '#!/bin/sh\necho armhf\n' >/usr/bin/dpkg && chmod +x /usr/bin/dpkg
        $source_dir/install.sh
        mv /usr/bin/dpkg.real /usr/bin/dpkg"
}

# A cabinet of the older relay: it has nobody to ask about open payments, and so needs no network for a test credit.
configure() {
    inside sh -c "cat >$config" <<'CONFIG'
machine_id: install-test
name: Install test
payment_link: https://buy.example.com/test
accept_unsigned_coinpulse: true
board_boot_s: 0
broker:
  host: broker.invalid
  password: made-up
coin_line:
  pin: 17
mock_pins_for_demo_only: /run/board.sock
CONFIG
}

start_board() {
    inside systemd-run --quiet --unit=board --setenv=PYTHONPATH=$source_dir \
        /opt/arcade-cabinet/venv/bin/python $source_dir/tools/container/board.py
    until_true "the virtual board listens" inside test -s /run/board-edges
}

check_mock_pins_are_refused() {
    local said
    configure
    inside systemctl restart arcade-controller 2>/dev/null || :
    same "the production unit refuses mock pins" 78 "$(show controller ExecMainStatus)"
    check "and says so" says "$(journal controller)" "mock_pins_for_demo_only is set"
    inside sed -i 's/^name: .*/nmae: Galaga/' $config
    inside systemctl restart arcade-controller 2>/dev/null || :
    said=$(install_sh)
    check "install.sh shows a mistake in config.yaml, with its line" says "$said" "$config:2: nmae is unknown: did you mean name?"
    check "and says that it has to be mended" says "$said" "the controller does not take its config.yaml"
    configure
}

run_with_mock_pins() {
    start=$(sed -n 's/^ExecStart=\(.*\) --real-pins-only$/\1/p' "$project/systemd/arcade-controller.service")
    drop_in controller "$start"
}

check_running() {
    start_board
    run_with_mock_pins
    check "the controller is ready without a broker" inside systemctl restart arcade-controller
    same "it runs as its own user" cabinet "$(inside ps -o user= -p "$(show controller MainPID)")"
    until_true "the feed is written" inside test -s /run/arcade-cabinet/screen.json
    check "the screen can read the feed" as attract grep -q Install /run/arcade-cabinet/screen.json
    check "the ledger is kept" inside test -s /var/lib/arcade-cabinet/ledger.sqlite
}

# In a container no service's limits are raised where this machine may not raise its own; capabilities stand in for them.
# So this shows what the limits cannot: that the unit's safeguards let pass what the coin line asks for.
check_realtime() {
    local drop_in=/run/systemd/system/arcade-controller.service.d/realtime.conf
    printf '[Service]\n%s=CAP_SYS_NICE CAP_IPC_LOCK\n%s=CAP_SYS_NICE CAP_IPC_LOCK\n' AmbientCapabilities CapabilityBoundingSet |
        inside tee $drop_in >/dev/null
    inside sh -c 'systemctl daemon-reload && systemctl restart arcade-controller'
    check "the safeguards let the coin line take realtime scheduling and keep its memory" says "$(journal controller)" \
        "coin line ready: SCHED_FIFO 50, memory locked"
    inside sh -c "rm $drop_in && systemctl daemon-reload && systemctl restart arcade-controller"
}

check_screen() {
    check "the screen can draw with Debian's kmsdrm" inside sh -c 'grep -q KMSDRM /usr/lib/*/libSDL2-2.0.so.0'
    check "without a display the screen says what it needs" says "$(journal attract-screen)" "kmsdrm"
    check "the screen understands the controller's feed" as attract /opt/arcade-cabinet/venv/bin/python \
        -m attract_screen --feed /run/arcade-cabinet/screen.json --size 640x480 --render /tmp/picture.png
    drop_in attract-screen "/opt/arcade-cabinet/venv/bin/python -m attract_screen \
        --feed /run/arcade-cabinet/screen.json --display headless"
    inside systemctl restart arcade-attract-screen
    until_true "the screen opens its display" screen_is_open
    same "the screen runs as its own user" attract "$(inside ps -o user= -p "$(show attract-screen MainPID)")"
}

screen_is_open() { [[ $(journal attract-screen) == *"The display was opened"* ]]; }

check_comes_back() {
    inside kill -KILL "$(show controller MainPID)"
    until_true "the controller comes back" came_back
    same "a killed controller comes back by itself" 1 "$(show controller NRestarts)"
}

came_back() { [ "$(show controller NRestarts)" = 1 ] && is_active controller; }

check_desktop() {
    inside touch /etc/systemd/system/display-manager.service
    check "a desktop is warned of" says "$(install_sh)" "A desktop holds the display."
}

check_stop() {
    inside systemctl stop arcade-controller
    same "systemctl stop ends the controller cleanly" "inactive success 0" \
        "$(show controller ActiveState) $(show controller Result) $(show controller ExecMainStatus)"
    check "nothing of it stays behind" refused inside pgrep -u cabinet
    check "the screen still finds the last feed" as attract test -r /run/arcade-cabinet/screen.json
    check "the screen does not go with it" is_active attract-screen
    same "all this made no edge on the coin line" "[]" "$(inside cat /run/board-edges)"
}

leave_line_active() { inside /opt/arcade-cabinet/venv/bin/python $source_dir/tools/container/leave_line_active.py; }

check_release() {
    inside systemctl start arcade-controller
    leave_line_active
    until_true "the coin line is active" last_level_is 1
    inside systemctl stop arcade-controller
    until_true "the end of the unit puts the coin line at rest" last_level_is 0
    same "with one edge" 2 "$(inside grep -o 'Edge(' /run/board-edges | wc -l)"
}

last_level_is() { [[ $(inside cat /run/board-edges) =~ level=$1,\ at_s=[0-9.]+\)\]$ ]]; }

check_command() {
    local said status=0 since before
    inside systemctl start arcade-controller
    before=$(inside grep -o 'Edge(' /run/board-edges | wc -l)
    since=$(inside date '+%F %T')
    said=$(inside cabinet pulse 2 2>&1) || status=$?
    same "cabinet pulse 2, by root, gives two test credits" 0 $status
    indent "$said"
    until_true "the board has seen them" saw_edges $((before + 4))
    said=$(inside journalctl --unit arcade-controller --since "$since" --output cat --no-pager | grep -i test || :)
    check "their story is a handful of lines in the journal" [ "$(wc -l <<<"$said")" -le 6 ]
    indent "$said"
    said=$(inside cabinet check 2>&1 || :)
    check "cabinet check, by root, finds that this broker is none" says "$said" "broker.invalid is not found"
    check "cabinet logs, by root, shows the journal" says "$(inside cabinet logs 20 2>&1 || :)" "test-"
    check "by the controller's user, it says who may" says "$(as cabinet cabinet logs 2>&1 || :)" "run: sudo cabinet logs"
    check "cabinet payments, by root, lists them" inside cabinet payments >/dev/null
    same "every file of the ledger is still the controller's" "" "$(inside find ${ledger%/*} ! -user cabinet)"
}

main() {
    build_bare_debian udev,procps,ca-certificates
    boot
    copy_project $source_dir
    public_copy=/tmp/install.sh
    inside install -m 0755 $source_dir/install.sh $public_copy
    plant
    if is_raspberry_pi_os; then make_raspberry_pi_os; fi
    make_boot_file
    check_refusals
    check_open_copy
    check_windows
    check_full_card
    check_nothing_there
    check_first_install
    check_boot_file
    check_unconfigured
    check_users
    check_second_install
    check_busy_apt
    check_interrupted_apt
    check_mirrors
    check_mock_pins_are_refused
    check_running
    check_realtime
    check_moved_pin
    check_strangers
    check_screen
    check_comes_back
    check_desktop
    check_update
    check_broken_update
    check_update_that_refuses_the_configuration
    check_update_that_does_not_start
    check_stop
    check_release
    check_command
    check_eyes
    check_planted
    check_uninstall
    check_bundle
    check_purge
    check_upgrade
    verdict
}

main "$@"
