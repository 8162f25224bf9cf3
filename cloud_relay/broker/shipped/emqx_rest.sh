#!/bin/sh
# Gives a running EMQX 5.8 or later the settings and the access rules.
# Written by `make docs` from cloud_relay/rules/access.py; change it there.
# It can be run again at any time: each call says how things shall be.
#
#   emqx_rest.sh https://broker.example.com:18083/api/v5 KEY_FILE
#
# KEY_FILE is readable by you alone, and holds one line:   user = "API key:secret key"
# shellcheck disable=SC2016 # EMQX fills in the user name, and not the shell
set -eu
api=${1:?give the address of the API, as https://broker.example.com:18083/api/v5}
key_file=${2:?give the file with the API key}
here=$(dirname "$0")

call() { # METHOD PATH TYPE DATA
    curl --fail --silent --show-error --output /dev/null --config "$key_file" \
        --request "$1" --header "Content-Type: $3" --data-binary "$4" "$api$2"
}
json() { # METHOD PATH DATA
    call "$1" "$2" application/json "$3"
}

# A merged "authorization" would put its sources up anew; its settings have a call of their own.
settings=$(sed '/^authorization /,/^}/d' "$here/emqx.conf")
call PUT '/configs?mode=merge' text/plain "$settings"
json PUT /authorization/settings '{"no_match":"deny","deny_action":"ignore","cache":{"enable":true}}'
source='{"type":"built_in_database","enable":true}'
json PUT /authorization/sources/built_in_database "$source" 2>/dev/null || json POST /authorization/sources "$source"
# Before any other source, which might allow more.
json POST /authorization/sources/built_in_database/move '{"position":"front"}'
json PUT /authorization/sources/built_in_database/rules/users/%2B '{"username": "+", "rules": [
  {"permission": "deny", "action": "all", "topic": "#"}]}'
json PUT /authorization/sources/built_in_database/rules/users/%23 '{"username": "#", "rules": [
  {"permission": "deny", "action": "all", "topic": "#"}]}'
json PUT /authorization/sources/built_in_database/rules/users/cloud.relay '{"username": "cloud.relay", "rules": [
  {"permission": "deny", "action": "publish", "topic": "arcade/machine/+/coinpulse", "retain": true},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/+/coinpulse"},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/+/gameover"},
  {"permission": "allow", "action": "publish", "topic": "arcade/relay/+/tidied"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/machine/+/status"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/relay/+/tidied"},
  {"permission": "deny", "action": "all", "topic": "#"}]}'
json PUT /authorization/sources/built_in_database/rules/users/cloud.relay2 '{"username": "cloud.relay2", "rules": [
  {"permission": "deny", "action": "publish", "topic": "arcade/machine/+/coinpulse", "retain": true},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/+/coinpulse"},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/+/gameover"},
  {"permission": "allow", "action": "publish", "topic": "arcade/relay/+/tidied"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/machine/+/status"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/relay/+/tidied"},
  {"permission": "deny", "action": "all", "topic": "#"}]}'
json PUT /authorization/sources/built_in_database/rules/users/cloud.fleet '{"username": "cloud.fleet", "rules": [
  {"permission": "deny", "action": "publish", "topic": "arcade/machine/+/coinpulse", "retain": true},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/machine/+/journal"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/machine/+/status"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/machine/+/gameover"},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/+/journal/seen"},
  {"permission": "deny", "action": "all", "topic": "#"}]}'
json POST /authorization/sources/built_in_database/rules/all '{"rules": [
  {"permission": "deny", "action": "publish", "topic": "arcade/machine/+/coinpulse", "retain": true},
  {"permission": "deny", "action": "all", "topic": "$SYS/#"},
  {"permission": "deny", "action": "all", "topic": "$events/#"},
  {"permission": "deny", "action": "all", "topic": "$exclusive/#"},
  {"permission": "deny", "action": "all", "topic": "$file/#"},
  {"permission": "deny", "action": "all", "topic": "$queue/#"},
  {"permission": "deny", "action": "all", "topic": "$share/#"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/machine/${username}/coinpulse"},
  {"permission": "allow", "action": "subscribe", "topic": "arcade/machine/${username}/journal/seen"},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/${username}/gameover"},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/${username}/status"},
  {"permission": "allow", "action": "publish", "topic": "arcade/machine/${username}/journal"},
  {"permission": "deny", "action": "all", "topic": "#"}]}'
