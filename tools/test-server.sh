#!/bin/bash
# Runs docs/server.md for real, in a small Debian with a systemd of its own, in a container on this machine
# (tools/container.sh says what that needs): relay, fleet, Mosquitto and nginx as services, and one sale through TLS. SUITE=trixie
# takes the next Debian. The last run's journal is in build/test-server. Its ports are this machine's: 443, 8080, 8090, 8883, 8884.
set -euo pipefail

# shellcheck source=tools/container.sh
. "$(dirname "$0")/container.sh"

source_dir=/root/arcade-cabinet
name=pay.arcade.test
settings=/etc/arcade-relay/relay.env
fleet_settings=/etc/arcade-fleet/fleet.env
most_exposure=15 # tenths: 1.5 of systemd-analyze security

journal() { inside journalctl --unit "$1" --output cat --no-pager; }

field() { python3 -I "$project/tools/container/field.py" "$1" <<<"$sale"; }

ports_are_free() {
    for port in 443 8080 8090 8883 8884; do
        ! ss -Htln "sport = :$port" | grep -q . || fail "port $port of this machine is taken"
    done
}

# What certbot would have left, and the name in the DNS.
make_certificate() {
    inside sh -c "echo 127.0.0.1 $name fleet.$name >>/etc/hosts
        live=/etc/letsencrypt/live/$name
        mkdir -p \$live && cd /usr/local/share/ca-certificates
        openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout /root/ca.key -out test.crt -subj /CN=Test \
            -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
        update-ca-certificates >/dev/null 2>&1
        openssl req -newkey rsa:2048 -nodes -keyout \$live/privkey.pem -out /root/name.csr -subj /CN=$name \
            -addext subjectAltName=DNS:$name,DNS:fleet.$name 2>/dev/null
        openssl x509 -req -in /root/name.csr -CA test.crt -CAkey /root/ca.key -CAcreateserial -days 30 \
            -copy_extensions copy -out \$live/fullchain.pem 2>/dev/null
        nginx -t -q && systemctl reload-or-restart nginx"
}

install_server() { inside $source_dir/cloud_relay/server/install.sh "$@" 2>&1; }

# --- the parts of the test ---

check_refusals() {
    local said
    said=$(install_server) && fail "install.sh took no name"
    check "without a name it says how it is called" says "$said" "usage: sudo cloud_relay/server/install.sh NAME"
    said=$(install_server 'pay.example.com; reboot') && fail "install.sh took a wrong name"
    check "what cannot be a name is refused" says "$said" "usage: sudo cloud_relay/server/install.sh NAME"
    check "and nothing was installed" refused inside test -e /opt/arcade-relay
}

check_installation() {
    local said status=0
    said=$(install_server $name) || status=$?
    same "an installation ends well" 0 $status
    same "it ends with the next step" 'Installed, not yet set up. Next: docs/server.md, from "A certificate" on.' \
        "$(tail -n 1 <<<"$said")"
    [ $status = 0 ] || fail "the rest needs an installation: $said"
    same "the settings are root's alone" "600 root:root" "$(inside stat -c '%a %U:%G' $settings)"
    same "the fleet's, too" "600 root:root" "$(inside stat -c '%a %U:%G' $fleet_settings)"
    check_unit arcade-relay
    check_unit arcade-fleet
    check "the fleet is not started unasked" refused inside systemctl is-enabled --quiet arcade-fleet
    inside systemctl start arcade-relay arcade-fleet || :
    until_true "the relay names what is missing" missing_named
    same "with settings that are wrong it is not started again" "failed 78" \
        "$(state_of arcade-relay)"
    until_true "the fleet names what is missing, too" fleet_s_missing_named
    same "and is not started again, either" "failed 78" "$(state_of arcade-fleet)"
}

check_unit() {
    local said status=0
    same "$1's unit has no word that systemd does not know" "" \
        "$(inside systemd-analyze verify "/etc/systemd/system/$1.service" 2>&1)"
    said=$(inside systemd-analyze security --offline=yes --threshold=$most_exposure \
        "/etc/systemd/system/$1.service") || status=$?
    same "$(grep -o 'Overall exposure.*: [0-9.]*' <<<"$said") is no more than ${most_exposure%?}.${most_exposure: -1}" 0 $status
}

missing_named() {
    [[ $(journal arcade-relay) == *"STRIPE_API_KEY: is not set"* ]] &&
        [ "$(inside systemctl show --property ActiveState --value arcade-relay)" = failed ]
}

fleet_s_missing_named() {
    [[ $(journal arcade-fleet) == *"MQTT_PASSWORD: is not set"* ]] &&
        [ "$(inside systemctl show --property ActiveState --value arcade-fleet)" = failed ]
}

state_of() {
    echo "$(inside systemctl show --property ActiveState --value "$1") $(inside systemctl show --property ExecMainStatus --value "$1")"
}

check_sale() {
    local money
    inside $source_dir/tools/prepare.sh demo 2>/dev/null
    sale=$(inside env REQUESTS_CA_BUNDLE=/etc/ssl/certs PYTHONPATH=$source_dir \
        $source_dir/.venv/bin/python $source_dir/tools/container/server_sale.py $name 2>"$work/sale.txt" | tail -n 1) ||
        fail "the sale failed: $(tail -n 20 "$work/sale.txt")"
    same "before it is set up, check names what is missing" 1 "$(field before)"
    same "the board counted what was sold, through nginx, relay and Mosquitto" 3 "$(field coins)"
    money="{'reserved': 0, 'charged': 250, 'released': 0, 'refunded': 0}"
    same "and Stripe charged for it" "$money" "$(field money)"
    same "the fleet's book has it" "[['galaga-01', 3, 250]]" "$(field sales)"
    check "machines knows the cabinet by its name" says "$(field machines)" "galaga-01"
    same "after the sale, check finds nothing wrong but this test's own authority" \
        "  ✗ no phone trusts the certificate of $name: unable to get local" "$(field check | grep -E '^  [✗!]')"
    check "it was a cabinet for a moment" says "$(field check)" "✓ a cabinet may not publish coinpulse"
}

check_secrets() {
    local process
    process=$(inside systemctl show --property MainPID --value arcade-relay)
    check "no secret is in an argument list" refused inside grep -aE 'sk_test|whsec' "/proc/$process/cmdline"
    check "nor in the journal" refused inside sh -c 'journalctl --no-pager | grep -E "sk_test_5|whsec_"'
    check "the service's user cannot read the settings" refused as arcade-relay cat $settings
    check "nor the broker's passwords" refused as arcade-relay cat /etc/mosquitto/arcade/services.passwords
    check "nor the fleet's book" refused as arcade-relay cat /var/lib/arcade-fleet/book.sqlite
    check "the fleet's user cannot read its settings" refused as arcade-fleet cat $fleet_settings
    check "nor the broker's passwords" refused as arcade-fleet cat /etc/mosquitto/arcade/services.passwords
    check "who is no root is told to be" says "$(as nobody arcade-relay check 2>&1 || :)" "run it with sudo"
}

serves_again() {
    inside env SSL_CERT_DIR=/etc/ssl/certs python3 -I $source_dir/tools/container/fetch.py "https://$name/status" >/dev/null 2>&1
}

check_backup() {
    check "the book is copied while the fleet runs" says "$(inside arcade-fleet backup today.sqlite 2>&1)" "rows copied into"
    same "for its user's eyes alone" "600 arcade-fleet" "$(inside stat -c '%a %U' /var/lib/arcade-fleet/today.sqlite)"
}

check_update() {
    local before said
    before=$(inside sha256sum $settings $fleet_settings)
    said=$(install_server $name)
    same "an update says so" "The relay is updated, and runs: sudo arcade-relay check" "$(tail -n 1 <<<"$said")"
    same "it leaves the settings alone" "$before" "$(inside sha256sum $settings $fleet_settings)"
    until_true "the relay is back behind nginx" serves_again
    check "the services run again" inside systemctl is-active --quiet arcade-relay arcade-fleet
}

ports_are_free
build_bare_debian ca-certificates,python3-venv,openssl,iproute2
boot
copy_project $source_dir
check_refusals
check_installation
make_certificate
check_sale
check_secrets
check_backup
check_update
verdict
