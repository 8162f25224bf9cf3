# shellcheck shell=sh
# Sourced by install.sh: what a Pi's firmware is told about the coin line, for the time before the controller has it.

# Bookworm and later keep the file beside the firmware, and leave a note where it was before.
boot_file() {
    for file in /boot/firmware/config.txt /boot/config.txt; do
        if [ -f "$file" ]; then
            echo "$file"
            return
        fi
    done
}

# The configured one, by this copy's own reader: with --check, an older release may be installed.
coin_pin() {
    PYTHONPATH=$source_dir "$app/venv/bin/python" -P -B -m controller config-value coin_line.pin --config "$config"
}

begin="# arcade-cabinet: begin (install.sh keeps these lines, install.sh --uninstall takes them out)"
end="# arcade-cabinet: end"

# Some edit the card on Windows: a line is ours whatever ends it. 1 where ours begin and do not end, or the other way round.
without_boot_lines() {
    awk -v begin="$begin" -v end="$end" '
        {line = $0; sub(/[ \t\r]+$/, "", line)}
        line == begin || line == end {if ((line == end) != ours) {torn = 1}}
        line == begin {ours = 1}
        !ours
        line == end {ours = 0}
        END {exit ours || torn}' "$1"
}

# as_in FILE: ends each line as most lines of the file do.
as_in() {
    if awk '/\r$/ {windows++} END {exit windows * 2 <= NR}' "$1"; then sed 's/\r*$/\r/'; else cat; fi
}

boot_lines() {
    say "$begin"
    say "[all]"
    say "# The coin line is low from power-up until the controller has it,"
    say "gpio=$1=op,dl"
    say "# and a pin that a program lets go of becomes an input, instead of keeping its last level."
    say "dtparam=strict_gpiod"
    say "$end"
}

put_boot_file() {
    cp "$1" "$2.new"
    sync -f "$2.new"
    mv "$2.new" "$2"
    sync -f "$2"
}

# What config.yaml does not say is not guessed: another pin's lines could drive what the board drives.
keep_coin_line_low() {
    boot=$(boot_file)
    [ -n "$boot" ] || return 0
    if [ ! -e "$app" ]; then
        step "$boot" "told to rest the coin line from power-up on" :
    elif pin=$(coin_pin); then
        keep_boot_lines "$pin"
    else
        say "$boot: left as it is, for $config does not say which pin the coin line has. Edit it, and run this again"
    fi
}

# keep_boot_lines PIN, or nothing to take them out
keep_boot_lines() {
    boot=$(boot_file)
    [ -n "$boot" ] || return 0
    others=$(mktemp)
    wanted=$(mktemp)
    if ! without_boot_lines "$boot" >"$others"; then
        rm "$others" "$wanted"
        fail "$boot: between '$begin' and '$end' one of the two is missing; take what is left of these lines out by hand"
    fi
    cp "$others" "$wanted"
    what="rid of the lines of install.sh"
    if [ -n "${1-}" ]; then
        boot_lines "$1" | as_in "$others" >>"$wanted"
        what="told to rest GPIO $1, the coin line, from power-up on (from the next boot)"
    fi
    cmp -s "$wanted" "$boot" || step "$boot" "$what" put_boot_file "$wanted" "$boot"
    rm "$others" "$wanted"
}
