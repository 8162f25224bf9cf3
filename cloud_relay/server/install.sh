#!/bin/sh
# Installs the relay on a server with Debian 12 or 13, with Mosquitto as its broker and nginx before it; docs/server.md
# goes on from there, and docs/fleet.md with the fleet's pages, which it puts beside and does not start. Run again, from a
# newer clone, it updates: what is in /etc/arcade-relay, /etc/arcade-fleet and /var/lib/arcade-fleet stays.
#   sudo cloud_relay/server/install.sh pay.example.com
set -eu

usage="usage: sudo cloud_relay/server/install.sh NAME, the name under which phones reach this server: pay.example.com"
die() { echo "$*" >&2; exit 1; }

name=${1:-}
case $name in
    "" | -* | *[!A-Za-z0-9.-]* | [!A-Za-z0-9]*) die "$usage" ;;
esac
[ "$(id -u)" = 0 ] || die "It installs packages and a service: run it with sudo"
command -v apt-get >/dev/null || die "There is no apt-get: this is for Debian 12 and 13. Elsewhere: cloud_relay/server/compose.yaml"

here=$(cd "$(dirname "$0")" && pwd)
relay=$(dirname "$here")
fleet=$(dirname "$relay")/fleet
home=/opt/arcade-relay
settings=/etc/arcade-relay
fleet_settings=/etc/arcade-fleet
certificates=/etc/nginx/arcade

packages() {
    # Packages start their services at once: nginx with its default site, through which certbot can answer.
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=600 update -qq
    apt-get -o DPkg::Lock::Timeout=600 install -qq --no-install-recommends \
        python3-venv nginx-light mosquitto openssl certbot >/dev/null
}

# Beside what runs, and put in its place whole: a service that starts meanwhile finds the old one.
program() {
    new=$home.new
    rm -rf "$new"
    mkdir -p "$new"
    python3 -I -m venv "$new/venv"
    "$new/venv/bin/python" -I -m pip --quiet --disable-pip-version-check install --no-compile --require-hashes \
        --requirement "$relay/requirements.txt" --requirement "$fleet/requirements.txt"
    cp -r "$relay" "$new/cloud_relay"
    cp -r "$fleet" "$new/fleet"
    find "$new/cloud_relay" "$new/fleet" -name __pycache__ -prune -exec rm -rf {} +
    # The programs of a virtual environment name their own place.
    grep -rlIF "$new/" "$new/venv/bin" | xargs --no-run-if-empty sed -i "s|$new/|$home/|g"
    "$new/venv/bin/python" -I -m compileall -q "$new/venv/lib" || :
    chmod -R u=rwX,go=rX "$new"
    rm -rf "$home.before"
    [ ! -e $home ] || mv $home "$home.before"
    mv "$new" $home
    rm -rf "$home.before"
}

# Who does not want the fleet never starts it.
services() {
    service arcade-relay "Arcade relay"
    service arcade-fleet "Arcade fleet"
    install -d -m 700 $settings $fleet_settings
    [ -e $settings/relay.env ] || relay_words | own_settings $settings/relay.env
    [ -e $fleet_settings/fleet.env ] || fleet_words | own_settings $fleet_settings/fleet.env
    systemctl daemon-reload
    systemctl enable --quiet arcade-relay
}

# service UNIT WORDS: its user, its command and its unit.
service() {
    printf 'u %s - "%s" /nonexistent\n' "$1" "$2" | install -D -m 644 /dev/stdin "/etc/sysusers.d/$1.conf"
    systemd-sysusers "$1.conf"
    install -D -m 755 "$here/$1" "/usr/local/bin/$1"
    install -D -m 644 "$here/$1.service" "/etc/systemd/system/$1.service"
}

# With what is this server's own: its address, and secrets that nobody else has.
relay_words() {
    cat "$here/relay.env.example"
    echo "RELAY_URL=https://$name"
    echo "RELAY_SECRET=$(openssl rand -hex 32)"
    echo "OPERATOR_KEY=$(openssl rand -hex 32)"
}

fleet_words() {
    cat "$here/fleet.env.example"
    echo "FLEET_URL=https://fleet.$name"
    echo "FLEET_SECRET=$(openssl rand -hex 32)"
}

own_settings() {
    umask 077
    cat >"$1.new"
    mv "$1.new" "$1"
    umask 022
}

proxy() {
    install -m 644 "$relay/proxy/nginx.conf" /etc/nginx/conf.d/arcade_relay.conf
    install -d -m 755 $certificates
    live=/etc/letsencrypt/live/$name
    [ -e $certificates/fullchain.pem ] || ln -sf "$live/fullchain.pem" $certificates/fullchain.pem
    [ -e $certificates/privkey.pem ] || ln -sf "$live/privkey.pem" $certificates/privkey.pem
    if [ -e $certificates/fullchain.pem ]; then
        nginx -t -q
        systemctl reload-or-restart nginx
    fi
}

next_words() {
    systemctl try-restart arcade-fleet
    if systemctl is-active --quiet arcade-relay; then
        systemctl restart arcade-relay
        echo "The relay is updated, and runs: sudo arcade-relay check"
    else
        echo "Installed, not yet set up. Next: docs/server.md, from \"A certificate\" on."
    fi
}

packages
program
services
proxy
next_words
