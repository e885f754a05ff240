#!/usr/bin/env bash
# Usage: .ci/osdi_ngspice.sh
#
# Unpacks Debian 13's ngspice, which loads compiled Verilog-A (OSDI) and has the solver KLU, for a Debian 12 whose
# own does neither: program and library with all that they need, the C library among it, 71 MB in a few seconds.
# Nothing is installed, nobody has to be root. They come into ~/.cache/spicegen/ngspice-trixie; then
#   export NGSPICE_LIBRARY_PATH=~/.cache/spicegen/ngspice-trixie/usr/lib/x86_64-linux-gnu/libngspice.so.0
# has spicegen use it (with that folder's own loader, because the C library is newer than this system's).
set -euo pipefail
folder=${XDG_CACHE_HOME:-$HOME/.cache}/spicegen/ngspice-trixie
[ ! -d "$folder" ] || exit 0

fail() { echo "osdi_ngspice: error: $*" >&2; exit 1; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "apt-get and dpkg-deb are needed: this is no Debian"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keys ] || fail "$keys is not here: apt-get install debian-archive-keyring"

echo "osdi_ngspice: unpacking Debian 13's ngspice into $folder"
mkdir -p "$(dirname "$folder")"
partial=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$partial"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' 'Label: Debian' | head -n 1)
mkdir -p "$partial"/apt/{lists,archives}/partial "$partial/root"
echo "deb [signed-by=$keys] ${mirror:-http://deb.debian.org/debian} trixie main" >"$partial/apt/sources.list"
: >"$partial/apt/status"  # as if nothing were installed: so that all that ngspice needs is fetched
options=(-qq -o Dir::Etc::SourceList="$partial/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State="$partial/apt" -o Dir::State::status="$partial/apt/status" -o Dir::Cache="$partial/apt"
    -o APT::Sandbox::User= -o Debug::NoLocking=true)
{
    apt-get "${options[@]}" update
    apt-get "${options[@]}" install --yes --no-install-recommends --download-only ngspice libngspice0
} </dev/null >"$partial/log" 2>&1 || fail "apt-get: $(grep -m 1 '^E:' "$partial/log" || tail -n 1 "$partial/log")"
for package in "$partial"/apt/archives/*.deb; do dpkg-deb --extract "$package" "$partial/root"; done
mv --no-target-directory "$partial/root" "$folder"
