# shellcheck shell=bash
# shellcheck disable=SC2154,SC2086 # config is test-install.sh's; it has no space in it
# Sourced by test-install.sh: `cabinet check` by root says what the service, with its user and its sandbox, really finds.

checked() { inside cabinet check 2>&1 | tr -s ' \n' ' ' || :; } # in one line: a page is wrapped

# The service, asked itself.
restarts_with() {
    inside systemctl restart arcade-controller 2>/dev/null || :
    same "$1" "$2" "$(show controller ExecMainStatus)"
}

# agrees SENTENCE TEXT: the service ends with 78, and the check has the reason and promises nothing.
agrees() {
    local said
    restarts_with "$1: the service ends with 78" 78
    said=$(checked)
    check "$1: cabinet check, by root, says so" says "$said" "$2"
    check "$1: and does not say that it can be used now" says "$said" "Mend what is wrong with it, as under configuration"
}

check_eyes() {
    check "cabinet check sees that the service can read everything" says "$(checked)" \
        "the service's user, cabinet, can read it and all that it names"
    inside chmod 600 $config
    inside chown root:root $config
    agrees "a config.yaml that is root's alone" "the service's user, cabinet, cannot read $config: Permission denied"
    inside chown root:cabinet $config
    inside chmod 640 $config
    local folder
    for folder in /root /home/pi /tmp /var/tmp; do
        inside mkdir -p $folder
        inside chmod 755 /root $folder
        inside sh -c "cp /etc/ssl/certs/ca-certificates.crt $folder/ca.pem
            chmod 644 $folder/ca.pem
            sed -i '/ca_file:/d; s|^broker:|broker:\n  ca_file: $folder/ca.pem|' $config"
        agrees "a ca_file in $folder" "the service sees nothing of $folder/ca.pem: "
    done
    inside chmod 700 /root
    inside sh -c "mkdir -m 700 /srv/mine && cp /etc/ssl/certs/ca-certificates.crt /srv/mine/ca.pem
        sed -i 's|ca_file: .*|ca_file: /srv/mine/ca.pem|' $config"
    agrees "a ca_file in a folder of root's" "cannot read /srv/mine/ca.pem: it may not enter /srv/mine"
    inside sh -c "cp /srv/mine/ca.pem /etc/arcade-cabinet/ca.pem && chmod 644 /etc/arcade-cabinet/ca.pem
        sed -i 's|ca_file: .*|ca_file: /etc/arcade-cabinet/ca.pem|' $config"
    restarts_with "what the remedy says is a remedy" 0
    check "and cabinet check sees it" says "$(checked)" "can read it and all that it names"
    inside sed -i '/ca_file:/d' $config
    inside rm -r /etc/arcade-cabinet/ca.pem /srv/mine
    check_ends
}

# Through the wrapper, as a technician calls it.
check_ends() {
    same "a reader that has gone ends cabinet status without a word" "" "$(inside sh -c 'cabinet status | head -0' 2>&1)"
    same "so does Ctrl-C end cabinet watch" "" "$(inside timeout --signal INT 10 cabinet watch --lines 2>&1 >/dev/null)"
}
