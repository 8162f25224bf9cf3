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

# The configured one, if that can be read.
coin_pin() {
    (cd "$app" && venv/bin/python -c '
import sys
from pathlib import Path
from controller.config.keys import KEYS
from controller.config.reader import read_keys
print(read_keys(Path(sys.argv[1]), KEYS).values["coin_line.pin"])' "$config") 2>/dev/null || echo 17
}

begin="# arcade-cabinet: begin (install.sh keeps these lines, install.sh --uninstall takes them out)"
end="# arcade-cabinet: end"

without_boot_lines() { awk -v begin="$begin" -v end="$end" '$0 == begin {ours = 1} !ours; $0 == end {ours = 0}' "$1"; }

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

# keep_boot_lines PIN, or nothing to take them out
keep_boot_lines() {
    boot=$(boot_file)
    [ -n "$boot" ] || return 0
    [ "$(grep -cxF "$begin" "$boot")" = "$(grep -cxF "$end" "$boot")" ] ||
        fail "$boot: between '$begin' and '$end' one of the two is missing; take what is left of these lines out by hand"
    wanted=$(mktemp)
    without_boot_lines "$boot" >"$wanted"
    what="rid of the lines of install.sh"
    if [ -n "${1-}" ]; then
        boot_lines "$1" >>"$wanted"
        what="told to rest GPIO $1, the coin line, from power-up on (from the next boot)"
    fi
    cmp -s "$wanted" "$boot" || step "$boot" "$what" put_boot_file "$wanted" "$boot"
    rm "$wanted"
}
