# shellcheck shell=sh
# Sourced by install.sh: what a Pi's kernel is told of its console, which shows whenever the attract screen does not.

# No blank screen after minutes without a key, no cursor, no four raspberries, and of what happens only what is wrong.
console_words="consoleblank=0 vt.global_cursor_default=0 logo.nologo quiet loglevel=3"
# The file is one line and has no comments; a word with a dot in it is one for a module that the kernel never loads.
begin_word=arcade-cabinet.begin
end_word=arcade-cabinet.end

kernel_words_file() {
    for file in /boot/firmware/cmdline.txt /boot/cmdline.txt; do
        if [ -f "$file" ]; then
            echo "$file"
            return
        fi
    done
}

# with_kernel_words FILE: the file with our words, where they stand or at the end of its line; its other bytes as they are.
with_kernel_words() {
    ours="$begin_word $console_words $end_word"
    sed -E "1{/$begin_word/{s/$begin_word.*$end_word/$ours/;b};s/\r?$/ $ours&/}" "$1"
}

without_kernel_words() { sed -E "1{s/ $begin_word.*$end_word//;s/^$begin_word.*$end_word ?//}" "$1"; }

keep_console_dark() { change_kernel_words with_kernel_words "told to keep its console dark (from the next boot)"; }

let_console_be() { change_kernel_words without_kernel_words "rid of the words of install.sh"; }

# change_kernel_words EDIT DONE
change_kernel_words() {
    line=$(kernel_words_file)
    [ -n "$line" ] || return 0
    [ "$(grep -o "$begin_word" "$line" | wc -l)" = "$(grep -o "$end_word" "$line" | wc -l)" ] ||
        fail "$line: of the words $begin_word and $end_word one is missing; take out what is left of these words by hand"
    changed=$(mktemp)
    "$1" "$line" >"$changed"
    cmp -s "$changed" "$line" || step "$line" "$2" put_boot_file "$changed" "$line"
    rm "$changed"
}
