#!/usr/bin/env bash
# Usage: .ci/osdi_ngspice.sh
#
# Unpacks Debian 13's ngspice, which loads compiled Verilog-A (OSDI) and has the solver KLU, for a Debian 12 whose
# own does neither: program and library with all that they need, the C library among it, 71 MB in a few seconds.
# Nothing is installed, nobody has to be root. They come into ~/.cache/spicegen/ngspice-trixie, and the last lines
# that it prints say how spicegen takes them, and how they are run by hand: by that folder's own loader, because the
# C library is newer than this system's.
set -euo pipefail

say() { echo "osdi_ngspice: $*"; }
fail() { echo "osdi_ngspice: error: $*" >&2; exit 1; }

cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}
[ "$cache" != /.cache ] || fail "HOME is not set: set HOME, or XDG_CACHE_HOME"
folder=$cache/spicegen/ngspice-trixie
libraries=$folder/usr/lib/x86_64-linux-gnu

run() { "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$folder/usr/bin/ngspice" "$@"; }
is_whole() { [ -f "$libraries/libngspice.so.0" ] && run --version >/dev/null 2>&1; }

unpack() {
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror package options why
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "apt-get and dpkg-deb are needed: this is no Debian"
    [ -f $keys ] || fail "$keys is not here: apt-get install debian-archive-keyring"
    say "unpacking Debian 13's ngspice into $folder"
    mkdir -p "$(dirname "$folder")"
    partial=$(mktemp -d "$folder.XXXXXX")
    trap 'rm -rf "$partial"' EXIT
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Label: Debian' | head -n 1)
    mirror=${mirror:-http://deb.debian.org/debian}
    mkdir -p "$partial"/apt/{lists,archives}/partial "$partial/root"
    echo "deb [signed-by=$keys] $mirror trixie main" >"$partial/apt/sources.list"
    : >"$partial/apt/status"  # as if nothing were installed: so that all that ngspice needs is fetched
    options=(-qq -o Dir::Etc::SourceList="$partial/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::State="$partial/apt" -o Dir::State::status="$partial/apt/status" -o Dir::Cache="$partial/apt"
        -o APT::Sandbox::User= -o Debug::NoLocking=true -o APT::Update::Error-Mode=any)
    {
        apt-get "${options[@]}" update
        apt-get "${options[@]}" install --yes --no-install-recommends --download-only ngspice libngspice0
    } </dev/null >"$partial/log" 2>&1 || {
        why=$(grep -m 1 '^E:' "$partial/log" || tail -n 1 "$partial/log")
        fail "apt-get cannot fetch ngspice of Debian 13 from $mirror (network? proxy?): $why"
    }
    for package in "$partial"/apt/archives/*.deb; do dpkg-deb --extract "$package" "$partial/root"; done
    rm -rf "$folder"
    mv --no-target-directory "$partial/root" "$folder"
    is_whole || fail "what was unpacked into $folder does not run"
}

is_whole || unpack
say "for spicegen:  export NGSPICE_LIBRARY_PATH=$libraries/libngspice.so.0"
say "by hand:       $libraries/ld-linux-x86-64.so.2 --library-path $libraries $folder/usr/bin/ngspice"
