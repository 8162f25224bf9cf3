# shellcheck shell=sh
# Sourced by install.sh: what apt and pip say when they fail, kept, and what is behind it.

# kept FILE COMMAND...: its words are shown, and added to the file.
kept() {
    kept_in=$1
    shift
    {
        status=0
        "$@" 2>&1 || status=$?
        echo $status >"$kept_in.status"
    } | tee -a "$kept_in" >&2
    return "$(cat "$kept_in.status")"
}

forget_words() {
    if [ "${words-}" ]; then rm -f "$words" "$words.status" "$words.log"; fi
}

says() { grep -qiE "$2" "$1"; }

# why_of FILE: the cause by its words in there, and what to do. A network is named only where it is the network.
why_of() {
    if says "$1" 'no space left on device|enough free space|disk quota exceeded'; then
        say "The card is full (df -h, and df -i for the number of files). Make room (sudo apt-get clean), or take a larger one"
    elif says "$1" 'read-only file system'; then
        say "The card can only be read: it is worn out, or was mounted so (findmnt /). sudo reboot has it checked; else take a new one"
    elif says "$1" 'not valid yet|not yet valid|certificate has expired|release file .* expired'; then
        say "Is the clock right? Here it is $(date '+%Y-%m-%d %H:%M'). timedatectl tells whether it is set by the network"
    elif says "$1" 'do not match the hashes|hash sum mismatch|unexpected size'; then
        say "A mirror or a proxy gave something else than was asked for: try again in an hour, or name another ($sources)"
    elif says "$1" 'temporary failure|could not resolve|name or service not known|no address associated|name resolution|network is unreachable|no route to host'; then
        say "There is no network, or no name server: ip address and resolvectl tell. Without a network: docs/install.md, --from"
    elif says "$1" 'connection refused|could not connect|unable to connect|timed out|connection reset|connection failed|newconnectionerror|connecttimeout'; then
        say "A server does not answer: is there a way out of this network, or a proxy to be named ($sources)?"
    elif says "$1" 'certificate_verify_failed|certificate verif'; then
        say "A server could not prove who it is: somebody is in between, or an authority of your own is missing (sudo update-ca-certificates)"
    elif says "$1" '40[0-9] |50[0-9] |50[0-9] error|unable to locate package|no installation candidate|no matching distribution|release file'; then
        say "The network is there, but a mirror does not have what it should: try again in an hour, or name another ($sources)"
    elif says "$1" 'could not get lock|unable to lock|unable to acquire'; then
        say "Something else uses apt: run this again when it has ended"
    elif says "$1" 'unmet dependencies|held broken packages|fix-broken|dpkg was interrupted'; then
        say "Packages of this system are broken: sudo dpkg --configure -a, then sudo apt-get install --fix-broken, then run this again"
    else
        say "See to that, and run this again"
    fi
}

sources="/etc/apt/sources.list.d, /etc/apt/apt.conf.d, /etc/pip.conf"
