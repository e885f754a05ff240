#!/usr/bin/env bash
# Usage: benchmarks/other_debian.sh [COMMAND...]
#
# Makes the other of Debian 12 and 13 beside this one by debootstrap, clones what is committed here into it, runs
# COMMAND there (`make test` unless given), and says how many tests passed with which Python and ngspice.
# Debian's folder is ~/.cache/spicegen/debian-CODENAME, or what SPICEGEN_OTHER_DEBIAN names.  The next run takes it
# again, with what is installed in it.  ../shared, where it is here, is seen there too, and no test may then be skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
if [ $# = 0 ]; then set -- make test; fi

say() { echo "other_debian: $*"; }
fail() { echo "other_debian: error: $*" >&2; exit 1; }

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-none}")
case $codename in
    bookworm) other=trixie ;;
    trixie) other=bookworm ;;
    *) fail "this is neither Debian 12 (bookworm) nor 13 (trixie): VERSION_CODENAME is $codename in /etc/os-release" ;;
esac
folder=${SPICEGEN_OTHER_DEBIAN:-${XDG_CACHE_HOME:-$HOME/.cache}/spicegen/debian-$other}
[ "$(id -u)" = 0 ] || fail "only root can make another Debian and go into it: sudo $0"

make_debian() {
    local mirror
    if ! command -v debootstrap >/dev/null; then
        say "installing debootstrap (apt-get)"
        { apt-get -qq update && apt-get -qq install -y --no-install-recommends debootstrap; } >/dev/null </dev/null ||
            fail "debootstrap is not here, and apt-get cannot install it"
    fi
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" | head -n 1)
    [ -n "$mirror" ] || fail "apt-get knows no mirror of $codename: apt-get update"
    say "making $folder: a minute or two"
    rm -rf "$folder.partial"
    mkdir -p "$folder.partial"
    debootstrap --variant=minbase --include=ca-certificates,make,python3 "$other" "$folder.partial" "$mirror" >"$folder.log" </dev/null ||
        fail "debootstrap: $(tail -n 1 "$folder.log"); all it said stands in $folder.log"
    mv "$folder.partial" "$folder"
}

# How this machine reaches the network: name servers, apt's proxy, pip's indexes, certificates.
copy_settings() {
    local file
    for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/pip.conf /etc/xdg/pip/* \
        "$HOME"/.config/pip/* $(grep -ls Acquire /etc/apt/apt.conf /etc/apt/apt.conf.d/*); do
        [ ! -f "$file" ] || install -D -m 644 "$file" "$folder/${file/#$HOME//root}"
    done
}

clone_checkout() {
    local clone=$folder/spicegen/main
    [ -d "$clone/.git" ] || git clone -q --no-checkout "$checkout" "$clone"
    git -C "$clone" fetch -q "$checkout" HEAD
    git -C "$clone" checkout -q --force --detach FETCH_HEAD
    git -C "$clone" clean -dfq  # .venv is ignored by git and stays
    say "$(git -C "$clone" log -1 --format='%h %s')"
    [ -z "$(git status --porcelain)" ] || say "what is not committed here is not in it"
}

# The mounts belong to a name space of their own: they end with what runs in it, however that ends.
inside() {
    unshare --mount bash -euc '
        folder=$1 shared=$2; shift 2
        mount -t proc proc "$folder/proc"
        mount --rbind /dev "$folder/dev"
        if [ -n "$shared" ]; then
            mkdir -p "$folder/spicegen/shared"
            mount --bind "$shared" "$folder/spicegen/shared"
            mount -o remount,ro,bind "$folder/spicegen/shared"
            export CI=true
        fi
        unset TMPDIR XDG_CACHE_HOME VIRTUAL_ENV
        export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
        exec chroot "$folder" bash -c '\''cd /spicegen/main; exec "$@"'\'' inside "$@"
    ' inside "$folder" "$shared" "$@" </dev/null
}

mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock --nonblock 9 || fail "another run is at work in $folder: wait for it, or name another by SPICEGEN_OTHER_DEBIAN"
[ -d "$folder" ] || make_debian
copy_settings
clone_checkout
shared=$(readlink -e ../shared || true)
say "$* on $other"
code=0
inside "$@" 2>&1 | tee "$folder.log" || code=$?
versions=$(inside bash -c '.venv/bin/python --version; ngspice --version | grep -o "ngspice-[0-9.]*"' | paste -sd ' ')
say "$other, $versions: $(grep -aE '[0-9]+ (passed|failed)' "$folder.log" | tail -n 1 || echo "no test was run")"
exit "$code"
