# shellcheck shell=sh
# Sourced by install.sh: the code and its virtual environment, built beside the old ones, then swapped in.

version_of() { sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$1/controller/__init__.py"; }

python_version() { python3 -V 2>/dev/null | sed -n 's/^Python \([0-9]*\.[0-9]*\).*/\1/p'; }

# What the venv holds, and the Python that it is for. Packages are taken by their hashes, whoever serves them.
locks() {
    python_version | sed 's/^/# for Python /'
    cat "$source_dir/requirements/cabinet.lock"
    if ! has_packaged_lgpio; then cat "$source_dir/requirements/lgpio.lock"; fi
}

is_installed() {
    for item in $release; do
        diff -rq -x __pycache__ "$source_dir/$item" "$app/$item" >/dev/null 2>&1 || return 1
    done
    locks | cmp -s - "$app/requirements.lock" && "$app/venv/bin/python" -I -c '' 2>/dev/null || return 1
    python_build | cmp -s - "$app/compiled/for"
}

install_release() {
    if is_installed; then return; fi
    version=$(version_of "$source_dir")
    before=$(version_of "$app" 2>/dev/null || :)
    case $before in
        "") step "$app" "installed, version $version" replace_release ;;
        "$version") step "$app" "brought up to this copy, still version $version" replace_release ;;
        *) step "$app" "brought from version $before to $version" replace_release ;;
    esac
}

replace_release() {
    say "building $new ..."
    rm -rf "$new"
    mkdir "$new"
    stage_code
    stage_venv
    check_release
    check_config
    diff "$app/CHANGELOG.md" "$new/CHANGELOG.md" 2>/dev/null | sed -n 's/^> /    /p' || :
    swap_release
}

stage_code() {
    for item in $release; do cp -R "$source_dir/$item" "$new/"; done
    find "$new" -name __pycache__ -prune -exec rm -rf {} +
    chmod -R u=rwX,go=rX "$new"
    chown -R root:root "$new"
    locks >"$new/requirements.lock"
}

# Before pip looks: of what there never was it can only say that it did not find it, which sounds like a mirror's fault. Where
# there is no Python yet, this is asked once more.
check_wheels() {
    python=$(python_version)
    case $python in
        "" | 3.11) ;;
        3.13)
            has_packaged_lgpio || fail "this Debian has no package of lgpio, which drives the pins, and lgpio's makers have no \
wheel of it for Python $python; nothing was changed. Take Raspberry Pi OS (Trixie or Bookworm), which has that package, or \
Debian 12. If an archive of your own has python3-lgpio: sudo apt-get update, then run this again"
            ;;
        *) fail "there are packages for Python 3.11 and 3.13, and this system has $python; nothing was changed. \
Take Raspberry Pi OS (Trixie or Bookworm) or Debian 12" ;;
    esac
}

# Somebody may have put another in its place: pygame, pip and venv belong to the system's.
check_python() {
    wanted=/usr/bin/python3
    found=$(readlink -f "$wanted")
    case $found in
        "$wanted".*) ;;
        *) fail "$wanted leads to $found, which is not the system's own; nothing was replaced. \
Put that back: sudo apt-get install --reinstall python3-minimal" ;;
    esac
}

# pip COMMAND...: the system's, for the new venv. What it takes is named by hash, and the index has it. A further one, as
# piwheels in Raspberry Pi OS's own /etc/pip.conf, has nothing of that: one that is out of reach was waited for at each
# package. Only a space tells pip that there is none: an empty variable counts as not set.
pip() {
    PIP_EXTRA_INDEX_URL=' ' "$new/venv/bin/python" -I "$(echo /usr/share/python-wheels/pip-*.whl)/pip" \
        --disable-pip-version-check "$@"
}

# Why it found nothing, pip itself says only in its log, a server that does not answer being no error to it.
pip_install() {
    if kept "$words" pip install --quiet --retries 2 --log "$words.log" \
        --no-input --no-deps --only-binary :all: --require-hashes --requirement "$new/requirements.lock" "$@"; then return; fi
    grep 'Could not fetch URL' "$words.log" >>"$words" || :
    return 1
}

# Where pip takes packages from: a mirror that the system names, or where all do; without a name and password in it.
index() {
    named=$(pip config list | sed -n "s/^[a-z:]*\.index-url='\(.*\)'$/\1/p" | tail -n 1)
    say "${named:-https://pypi.org/simple}" | sed 's|//[^/]*@|//|'
}

stage_venv() {
    if cmp -s "$new/requirements.lock" "$app/requirements.lock" && "$app/venv/bin/python" -I -c '' 2>/dev/null; then
        cp -a "$app/venv" "$new/venv"
        return
    fi
    check_wheels
    check_python
    # The system's pip does; one of its own would take longer to set up than all the packages.
    python3 -I -m venv --without-pip --system-site-packages "$new/venv"
    if [ -n "$bundle" ]; then set -- --no-index --find-links "$bundle"; fi
    words=$(mktemp)
    say "waiting for $(grep -c == "$new/requirements.lock") packages from ${bundle:-$(index)} ..."
    pip_install "$@" ||
        fail "pip could not bring the packages of $source_dir/requirements, as it says above; nothing was replaced. $(why_of "$words")"
    forget_words
    # By hand, too, the venv's Python finds the code from any directory.
    for folder in "$new"/venv/lib/python3.*/site-packages; do echo "$app" >"$folder/arcade-cabinet.pth"; done
    grep -rlI "$new" "$new/venv/bin" "$new/venv/pyvenv.cfg" | xargs sed -i "s|$new|$app|g"
}

# A release that cannot even be imported never replaces one that works. The controller runs without docstrings (-OO in its
# unit), and cannot write here: what it starts with, of Python's own as well, is compiled for it once, and for this Python.
check_release() {
    (cd "$new" && venv/bin/python -I -m compileall -q controller attract_screen &&
        venv/bin/python -I -B -OO -X "pycache_prefix=$new/compiled" -W ignore \
            "$source_dir/installer/import_release.py" "$new" "$app") ||
        fail "this release does not even import; nothing was replaced"
    python_build >"$new/compiled/for"
}

python_build() { python3 -I -VV; }

# Nor does one that would refuse the configuration with which the cabinet runs.
check_config() {
    systemctl is-active --quiet arcade-controller 2>/dev/null || return 0
    PYTHONPATH=$new runuser -u cabinet -- "$new/venv/bin/python" -P -m controller check-config --config "$config" ||
        fail "this release does not take that config.yaml; nothing was replaced, and the cabinet runs on. Edit it, and run this again"
}

swap_release() {
    sync -f "$new"  # the plug may be pulled right after the swap
    rm -rf "$old"
    if [ ! -e "$app" ]; then
        mv "$new" "$app"
        return
    fi
    exchange "$new" "$app"
    mv "$new" "$old"
    mkdir -p "$old/units"
    for unit in $units; do
        if [ -e "$unit_dir/$unit" ]; then cp -p "$unit_dir/$unit" "$old/units/"; fi
    done
}

# exchange A B: at no moment is there none (RENAME_EXCHANGE of renameat2); a file system that cannot gets two renames.
exchange() {
    python3 -I "$source_dir/installer/exchange.py" "$1" "$2" && return
    mv "$2" "$2.aside"
    mv "$1" "$2"
    mv "$2.aside" "$1"
}
