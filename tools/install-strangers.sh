# shellcheck shell=bash
# shellcheck disable=SC2154,SC2086 # source_dir and config are test-install.sh's; none has a space in it
# Sourced by test-install.sh: what other users of the machine reach of the cabinet's, and what they could leave for root.

runtime=/run/arcade-cabinet
reach=/usr/local/lib/reach.py
planted=/tmp/planted

check_strangers() {
    local way
    inside install -D -m 0755 $source_dir/tools/container/reach.py $reach
    leave_fifo
    mapfile -t cabinets < <(everything_of_the_cabinet)
    for way in $config /var/lib/arcade-cabinet/ledger.sqlite $runtime/control $runtime/tally $runtime/lgpio/.lgd-nfy0 environ; do
        check "what is tried has the cabinet's ${way##*/}" says "${cabinets[*]}" "$way"
    done
    for user in attract nobody; do
        same "$user reaches of the cabinet nothing but the feed" "list $runtime, read $runtime/screen.json" \
            "$(reached "$(as $user python3 -I $reach "${cabinets[@]}")")"
    done
    drop_in attract-screen "/usr/bin/python3 -I $reach ${cabinets[*]}"
    inside systemctl restart --no-block arcade-attract-screen
    until_true "the screen's service has tried" tried_all
    same "nor does the screen's service, which is shut in besides" "list $runtime, read $runtime/screen.json" \
        "$(reached "$(journal attract-screen | grep -E '^(read|write|list|make|connect) /' | sort -u)")"
    inside systemctl stop arcade-attract-screen
    inside sh -c "echo made by root >/tmp/secret; chmod 600 /tmp/secret"
    same "what root can reach is found to be reached" "read /tmp/secret, write /tmp/secret" \
        "$(reached "$(inside python3 -I $reach /tmp/secret)")"
}

# What the service makes in front of real pins.
leave_fifo() {
    if is_raspberry_pi_os; then  # its lgpio is an empty stand-in here
        as cabinet sh -c "mkdir -p -m 0700 $runtime/lgpio && mkfifo -m 0664 $runtime/lgpio/.lgd-nfy0"
    else
        inside install -m 0755 $source_dir/tools/container/leave_fifo.py /usr/local/lib/leave_fifo.py
        as cabinet env LG_WD=$runtime/lgpio /opt/arcade-cabinet/venv/bin/python -I /usr/local/lib/leave_fifo.py
    fi
}

# Files, folders, sockets, FIFOs, and what the kernel shows of the controller and its coin line.
everything_of_the_cabinet() {
    local pid
    inside find $runtime /etc/arcade-cabinet /var/lib/arcade-cabinet
    for pid in $(inside pgrep -u cabinet); do
        for name in environ mem maps fd cwd; do echo "/proc/$pid/$name"; done
    done
}

reached() { grep -v '^tried all' <<<"$1" | sort | paste -sd , | sed 's/,/, /g'; }

tried_all() { [[ $(journal attract-screen) == *"tried all"* ]]; }

# A folder that everybody may write to, with a trap for each program and each module of Python's. install.sh is run there.
plant() {
    local modules
    modules=$(basename -a /usr/lib/python3.*/*.py | xargs)
    as nobody sh -c "mkdir -m 0777 $planted && cd $planted && printf '#!/bin/sh\necho \$0 >>$planted/ran\n' >trap && chmod 755 trap
        for program in /usr/bin/* /usr/sbin/*; do ln -sf trap \${program##*/}; done
        for module in $modules controller.py; do echo 'open(\"$planted/ran\", \"a\").write(__file__)' >\$module; done"
}

# By root who stands in the folder, and whose PATH begins there.
in_planted() { inside env -C $planted PATH=$planted:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

check_planted() {
    local words
    for words in status "pulse 1" payments check "logs 1"; do
        # shellcheck disable=SC2086 # two words
        in_planted /usr/local/bin/cabinet $words >/dev/null 2>&1 || :
    done
    inside systemctl stop arcade-controller
    in_planted /usr/local/bin/cabinet pulse 1 >/dev/null 2>&1 || :
    inside systemctl start arcade-controller
    same "neither install.sh nor cabinet has run what lay where root stood" "" "$(inside cat $planted/ran 2>/dev/null || :)"
    in_planted sh -c : || :
    same "a trap tells that it was run" "$planted/sh" "$(inside cat $planted/ran)"
}

check_open_copy() {
    inside cp -r $source_dir /tmp/open
    inside chmod o+w /tmp/open/installer/system.sh
    check "a copy that others can change is refused" says "$(inside /tmp/open/install.sh --check 2>&1 || :)" \
        "/tmp/open/installer/system.sh can be changed by others"
    inside rm -r /tmp/open
}
