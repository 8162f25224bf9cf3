#!/bin/sh
# Before the controller of a boot whose plug will be pulled: gives the host the ledger as the last cut left it,
# and leads to the cloud on the host, which lives through the cuts.
set -eu

rm -rf /results/ledger
cp -a /var/lib/arcade-cabinet /results/ledger
echo @ledger >/dev/ttyS1

modprobe virtio_net
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
systemctl start cloud@28883.socket cloud@28080.socket
# Twelve pulses are three seconds in which to pull the plug; with no ready line one of them is ordered ahead.
sed -i -e '/^  pulses_per_credit:/d; /^coin_line:/a\  pulses_per_credit: 4' \
    -e '/^ready:/,/^[^ ]/ s/^  pin:.*/  pin:/' /etc/arcade-cabinet/config.yaml
