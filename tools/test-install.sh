#!/bin/bash
# Runs install.sh for real, in a small Debian 12 with a systemd of its own, in a container on this machine
# (tools/container.sh says what that needs). The last run's journal is in build/test-install.
set -euo pipefail

# shellcheck source=tools/container.sh
. "$(dirname "$0")/container.sh"

source_dir=/root/arcade-cabinet
config=/etc/arcade-cabinet/config.yaml

install_sh() { inside "$source_dir/install.sh" "$@" 2>&1; }

show() { inside systemctl show --property "$2" --value "arcade-$1"; }

journal() { inside journalctl --unit "arcade-$1" --output cat --no-pager; }

is_active() { [ "$(show "$1" ActiveState)" = active ]; }

# Every file that an installation could touch: mode, owner, time of change, content.
snapshot() {
    inside sh -c 'find /etc /opt /usr /var/lib/arcade-cabinet -printf "%p %m %u:%g %T@\n" | sort
        find /etc /opt /usr -type f -exec sha256sum {} + | sort'
}

# drop_in UNIT EXEC_START
drop_in() {
    inside sh -c "mkdir -p /run/systemd/system/arcade-$1.service.d
        printf '[Service]\nExecStart=\nExecStart=%s\n' '$2' >/run/systemd/system/arcade-$1.service.d/test.conf
        systemctl daemon-reload"
}

# --- the parts of the test ---

check_first_install() {
    local said status=0
    said=$(install_sh) || status=$?
    same "a first install ends well" 0 $status
    same "it ends with the next step" \
        "Installed, not yet configured. Next: edit $config, then: systemctl restart arcade-controller" \
        "$(tail -n 1 <<<"$said")"
    [ $status = 0 ] || fail "the rest needs an install: $said"
    for unit in arcade-controller arcade-attract-screen; do
        same "$unit.service has no word that systemd does not know" "" \
            "$(inside systemd-analyze verify "/etc/systemd/system/$unit.service" 2>&1)"
        same "$unit is started at boot" enabled "$(inside systemctl is-enabled $unit)"
    done
}

check_unconfigured() {
    same "an empty configuration ends the controller with 78" 78 "$(show controller ExecMainStatus)"
    same "it is not started again" "failed 0" "$(show controller ActiveState) $(show controller NRestarts)"
    local said key
    said=$(journal controller)
    for key in machine_id name relay broker.host broker.password; do
        check "the journal names $key" says "$said" "$config: $key is missing"
    done
}

check_users() {
    same "the controller's user has the pins" "cabinet gpio" "$(inside id -Gn cabinet)"
    same "the screen's user has the display" "attract input render video" \
        "$(inside id -Gn attract | tr ' ' '\n' | sort | xargs)"
    same "config.yaml belongs to root and the controller" "640 root:cabinet" \
        "$(inside stat -c '%a %U:%G' $config)"
    check "the screen cannot read config.yaml" refused as attract cat $config
    check "no service can change its code" refused as cabinet touch /opt/arcade-cabinet/controller/app.py
}

check_second_install() {
    local before said
    before=$(snapshot)
    said=$(install_sh)
    check "a second install says that there is nothing to change" says "$said" "Nothing to change."
    check "a second install changes no file" diff <(echo "$before") <(snapshot)
}

check_refusals() {
    check "without root it says how to" says "$(as nobody sh "$public_copy" 2>&1 || :)" "needs root; run: sudo"
    check "an unknown option is refused" says "$(install_sh --frobnicate || :)" "unknown option --frobnicate"
}

configure() {
    inside sh -c "cat >$config" <<'CONFIG'
machine_id: install-test
name: Install test
relay:
  url: https://relay.invalid
  token: 1.0000000000000000000000000000000000000000000000000000000000000000
broker:
  host: broker.invalid
  password: made-up
coin_line:
  pin: 17
mock_pins_for_demo_only: /run/board.sock
CONFIG
}

# A virtual board that writes down every edge of the coin line.
start_board() {
    inside sh -c "cat >/run/board.py" <<'BOARD'
import os, time
from pathlib import Path
from controller.clock import since_boot_s
from simulator.arcade_board import ArcadeBoard
from simulator.board_profiles import JAMMA
from simulator.board_wire import BoardServer

os.umask(0)  # the cabinet's user has to reach the socket
with BoardServer(Path("/run/board.sock"), ArcadeBoard(JAMMA, powered_at_s=since_boot_s()), coin_pin=17) as board:
    while True:
        Path("/run/board-edges").write_text(str(board.edges))
        time.sleep(0.05)
BOARD
    inside systemd-run --quiet --unit=board --setenv=PYTHONPATH=$source_dir \
        /opt/arcade-cabinet/venv/bin/python /run/board.py
    until_true "the virtual board listens" inside test -s /run/board-edges
}

check_mock_pins_are_refused() {
    configure
    inside systemctl restart arcade-controller 2>/dev/null || :
    same "the production unit refuses mock pins" 78 "$(show controller ExecMainStatus)"
    check "and says so" says "$(journal controller)" "mock_pins_for_demo_only is set"
}

check_running() {
    start_board
    drop_in controller "/opt/arcade-cabinet/venv/bin/python -m controller run --config $config"
    check "the controller is ready without a broker" inside systemctl restart arcade-controller
    same "it runs as its own user" cabinet "$(inside ps -o user= -p "$(show controller MainPID)")"
    check "its log says how the coin line is scheduled" says "$(journal controller)" "coin line ready: "
    until_true "the feed is written" inside test -s /run/arcade-cabinet/screen.json
    check "the screen can read the feed" as attract grep -q Install /run/arcade-cabinet/screen.json
    check "the ledger is kept" inside test -s /var/lib/arcade-cabinet/ledger.sqlite
    check "the screen cannot read the ledger" refused as attract cat /var/lib/arcade-cabinet/ledger.sqlite
    check "the screen cannot write the feed" refused as attract tee -a /run/arcade-cabinet/screen.json
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

check_update() {
    local before said status=0
    before=$(show controller MainPID)
    inside sh -c "echo '# changed' >>$source_dir/controller/__init__.py"
    check "an update says that the cabinet runs" says "$(install_sh)" "The cabinet is running."
    check "an update puts its code in place" inside grep -q '# changed' /opt/arcade-cabinet/controller/__init__.py
    check "an update restarts the controller" [ "$before" != "$(show controller MainPID)" ]
    check "an update keeps config.yaml" inside grep -q install-test $config
    before=$(show controller MainPID)
    inside sh -c "echo 'not python' >>$source_dir/controller/__init__.py"
    said=$(install_sh) || status=$?
    same "a broken update fails" 1 $status
    check "and says that nothing happened" says "$said" "nothing was replaced"
    same "a broken update leaves the controller alone" "$before" "$(show controller MainPID)"
    same "a broken update leaves its code alone" "# changed" \
        "$(inside tail -n 1 /opt/arcade-cabinet/controller/__init__.py)"
}

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

# What a process leaves behind that is killed in the middle of a pulse: its wire keeps the level.
leave_line_active() {
    inside /opt/arcade-cabinet/venv/bin/python -c '
from pathlib import Path
from gpiozero import OutputDevice
from controller.mock_pins import BoardWiredFactory
OutputDevice(17, initial_value=True, pin_factory=BoardWiredFactory(Path("/run/board.sock"), listens=False))'
}

check_release() {
    inside systemctl start arcade-controller
    leave_line_active
    until_true "the coin line is active" last_level_is 1
    inside systemctl stop arcade-controller
    until_true "the end of the unit puts the coin line at rest" last_level_is 0
    same "with one edge" 2 "$(inside grep -o 'Edge(' /run/board-edges | wc -l)"
}

last_level_is() { [[ $(inside cat /run/board-edges) =~ level=$1,\ at_s=[0-9.]+\)\]$ ]]; }

main() {
    build_bare_debian udev,procps,ca-certificates
    boot
    copy_project $source_dir
    public_copy=/tmp/install.sh
    inside install -m 0755 $source_dir/install.sh $public_copy
    check_refusals
    check_first_install
    check_unconfigured
    check_users
    check_second_install
    check_mock_pins_are_refused
    check_running
    check_screen
    check_comes_back
    check_desktop
    check_update
    check_stop
    check_release
    verdict
}

main "$@"
