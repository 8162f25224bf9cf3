# shellcheck shell=bash
# shellcheck disable=SC2154,SC2086 # source_dir, config and their like are test-install.sh's; none has a space in it
# Sourced by test-install.sh: a cabinet is updated, well and badly; taken off; installed without a network; upgraded.

check_update() {
    local before said status=0
    before=$(show controller MainPID)
    inside sh -c "echo '# changed' >>$source_dir/controller/__init__.py"
    said=$(install_sh)
    check "an update says that the cabinet runs" says "$said" "The cabinet is running."
    check "and what its check found" says "$said" "Next: see to what its check found"
    check "and what it did" says "$said" "/opt/arcade-cabinet: brought up to this copy, still version $(version)"
    check "an update puts its code in place" inside grep -q '# changed' /opt/arcade-cabinet/controller/__init__.py
    check "an update restarts the controller" [ "$before" != "$(show controller MainPID)" ]
    check "an update keeps config.yaml" inside grep -q install-test $config
}

# What `install.sh` says of a release that it does not leave in place.
check_broken_update() {
    local before said status=0
    before=$(show controller MainPID)
    inside sh -c "echo 'not python' >>$source_dir/controller/__init__.py"
    said=$(install_sh) || status=$?
    same "a broken update fails" 1 $status
    check "and says that nothing happened" says "$said" "nothing was replaced"
    same "a broken update leaves the controller alone" "$before" "$(show controller MainPID)"
    same "a broken update leaves its code alone" "# changed" \
        "$(inside tail -n 1 /opt/arcade-cabinet/controller/__init__.py)"
    inside sed -i "\$d" $source_dir/controller/__init__.py
}

check_update_that_refuses_the_configuration() {
    local before said status=0
    before=$(show controller MainPID)
    inside sed -i 's/"board_boot_s"/"board_boots_s"/' $source_dir/controller/config/keys.py
    said=$(install_sh) || status=$?
    same "an update that would refuse the configuration fails" 1 $status
    check "it names what it does not take" says "$said" "board_boot_s"
    check "and says that the cabinet runs on" says "$said" "nothing was replaced, and the cabinet runs on"
    same "it leaves the controller alone" "$before" "$(show controller MainPID)"
    inside sed -i 's/"board_boots_s"/"board_boot_s"/' $source_dir/controller/config/keys.py
}

check_update_that_does_not_start() {
    local before said status=0 unit=/etc/systemd/system/arcade-controller.service starts=controller/commands/run.py
    before=$(version; inside sha256sum /opt/arcade-cabinet/$starts $unit $config)
    inside sed -i 's/    return App(.*/    raise SystemExit("the new release fell over")/' $source_dir/$starts
    check "a release that falls over is made" inside grep -q 'fell over' $source_dir/$starts
    inside sed -i 's/^__version__.*/__version__ = "9.9.9"/' $source_dir/controller/__init__.py
    inside sh -c "echo '# new' >>$source_dir/systemd/arcade-controller.service"
    said=$(install_sh) || status=$?
    same "an update that does not start fails" 1 $status
    check "it says why" says "$said" "the new release fell over"
    check "and that the old one runs again" says "$said" \
        "version 9.9.9 was taken back: version $(version) runs again, as before"
    same "code, unit and configuration are the old ones" "$before" \
        "$(version; inside sha256sum /opt/arcade-cabinet/$starts $unit $config)"
    check "the old controller runs" is_active controller
    check "no half of the new one is left" refused inside sh -c 'ls -d /opt/arcade-cabinet.*'
    copy_project $source_dir
}

version() { inside sed -n 's/^__version__ = "\(.*\)"/\1/p' /opt/arcade-cabinet/controller/__init__.py; }

check_uninstall() {
    local said
    inside systemctl stop arcade-controller
    ledger_before=$(inside sha256sum $ledger $config)
    ledger_file=$(ledger_id)
    said=$(install_sh --uninstall)
    indent "$said"
    same "--uninstall keeps ledger and configuration" "$ledger_before" "$(inside sha256sum $ledger $config)"
    same "for root alone" "root:root root:root" "$(inside stat -c %U:%G $ledger $config | xargs)"
    same "nothing else is left" "" "$(inside sh -c "ls -d /opt/arcade-cabinet* /usr/local/bin/cabinet /run/arcade-cabinet \
        /etc/systemd/system/arcade-* /etc/systemd/system/*.wants/arcade-* /etc/udev/rules.d/*arcade* /etc/sysusers.d/*arcade* 2>/dev/null;
        getent passwd cabinet attract; getent group cabinet attract" || :)"
    same "nothing of it runs" "" "$(inside systemctl list-units --no-legend 'arcade-*')"
    same "config.txt is as it was" "$boot_before" "$(inside cat $boot_file)"
    same "cmdline.txt, too, to the byte" "$words_before" "$(inside sha256sum $kernel_words_file)"
    check "a second --uninstall has nothing to do" says "$(install_sh --uninstall)" "Nothing to remove."
}

# No network at all, not even a loopback: what pip and apt have at hand is all.
check_bundle() {
    local said status=0
    "$project/tools/bundle.sh" "$work/bundle" >/dev/null 2>&1
    tar -C "$work" -cf - bundle | inside tar -C /root -xf - --no-same-owner
    said=$(inside unshare --net $source_dir/install.sh --from /root/bundle 2>&1) || status=$?
    same "--from a bundle installs without a network" 0 $status
    indent "$said"
    check "the cabinet runs" is_active controller
    same "with the ledger that it had, its owner's again" "$ledger_file cabinet:cabinet" \
        "$(ledger_id) $(inside stat -c %U:%G $ledger)"
    check "its test credits among them" says "$(inside cabinet payments)" test
    inside sh -c 'cd /root/bundle && rm idna-*.whl && echo other >idna-3.20-py3-none-any.whl && rm -r /opt/arcade-cabinet/venv'
    status=0
    said=$(inside unshare --net $source_dir/install.sh --from /root/bundle 2>&1) || status=$?
    same "a wheel that is not the one of the lock is refused" 1 $status
    check "and nothing was replaced" says "$said" "nothing was replaced"
}

check_purge() {
    install_sh --uninstall --purge >/dev/null
    check "--purge deletes the ledger" refused inside test -e ${ledger%/*}
    check "--purge deletes the configuration" refused inside test -e ${config%/*}
}

# As cabinets in the field have it: installed by its own install.sh, then upgraded by this one.
check_upgrade() {
    local said status=0 before
    copy_commit "$previous" $previous_dir
    inside sed -i 's/^__version__.*/__version__ = "0.0.9"/' $previous_dir/controller/__init__.py
    inside sh -c "echo '# Changelog' >$previous_dir/CHANGELOG.md"
    inside $previous_dir/install.sh >/dev/null 2>&1 || fail "the previous commit, $previous, does not install"
    configure
    run_with_mock_pins
    inside systemctl restart arcade-controller
    until_true "the previous version writes its ledger" inside test -s $ledger
    before=$(inside sha256sum $config; ledger_id)
    said=$(install_sh) || status=$?
    same "the upgrade from $previous ends well" 0 $status
    indent "$said"
    check "it tells the versions" says "$said" "/opt/arcade-cabinet: brought from version 0.0.9 to $(version)"
    check "it tells what is new for the operator" says "$said" "    ## 0.1.0"
    check "the cabinet runs" is_active controller
    same "with its configuration and its ledger" "$before" "$(inside sha256sum $config; ledger_id)"
    check "the old release is gone" refused inside test -e /opt/arcade-cabinet.old
}

# The file itself, not one of the same name.
ledger_id() { inside stat -c '%i %W' $ledger; }
