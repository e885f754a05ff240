#!/usr/bin/env bash
# Usage: setup.sh [dev].  Installs what is missing, quickly finds that nothing is:
#   1. Debian packages: ngspice, libngspice0, binutils (VACASK's compiler calls `ld`); for `dev` adms.  They are a help, not
#      a condition, except for `setup.sh dev` with CI=true, where a test must not be skipped in silence.
#      For `setup.sh dev` on a Debian whose ngspice loads no compiled Verilog-A, Debian 13's is unpacked beside it.
#   2. .venv with the package installed in place (editable), with the tools for development if `dev`.
#
# `setup.sh dev` installs the versions that constraints-PYTHON.txt beside this file names: those of the tools, and of
# the libraries, too, because mypy reads the types that numpy, pydantic and others bring along, and a test that fails
# must be of what changed here.  Who uses the package gets what pyproject.toml allows, and so do `make demo` and the
# wheel's clean environment.  Newer versions are taken by running, with uv of PyPI, in this folder:
#   for v in 3.11 3.12 3.13; do uv pip compile -qU --no-annotate --no-header --extra dev --python-version $v \
#       ../pyproject.toml -o constraints-$v.txt; done
set -euo pipefail
cd "$(dirname "$0")/.."
extra=${1:-}
export PIP_DISABLE_PIP_VERSION_CHECK=1 DEBIAN_FRONTEND=noninteractive

say() { echo "setup: $*"; }
fail() { echo "setup: error: $*" >&2; exit 1; }

# apt_install PACKAGE...: as root or by a sudo that does not ask; otherwise sets $why and returns 1.
apt_install() {
    local root=() log
    why="apt-get is not here"
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" != 0 ]; then
        why="you are not root, and sudo is not here or asks for a password"
        sudo -n apt-get --version >/dev/null 2>&1 || return 1
        root=(sudo -n)
    fi
    say "installing $* (apt-get)"
    log=$(mktemp)
    local install=("${root[@]}" apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@")
    if ! "${install[@]}" </dev/null >"$log" 2>&1; then  # no package lists yet, or old ones
        "${root[@]}" apt-get -qq update </dev/null >"$log" 2>&1 || true
        if ! "${install[@]}" </dev/null >>"$log" 2>&1; then
            why="apt-get failed: $(grep -m1 '^E:' "$log" || tail -n 1 "$log")"
            rm "$log"
            return 1
        fi
    fi
    rm "$log"
}

debian_packages() {
    local missing=()
    command -v ngspice >/dev/null || missing+=(ngspice)
    PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep -F libngspice.so >/dev/null || missing+=(libngspice0)
    command -v ld >/dev/null || missing+=(binutils)
    [ "$extra" != dev ] || command -v admsXml >/dev/null || missing+=(adms)
    if [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"; then return; fi
    if [ "$extra" = dev ] && [ "${CI:-}" = true ]; then
        fail "CI=true needs ${missing[*]}: $why"
    fi
    say "left out: ${missing[*]}: $why"
    [[ "${missing[*]}" != *ngspice* ]] || say "  without ngspice the work is done by the other engines"
    [[ "${missing[*]}" != *binutils* ]] || say "  without binutils (ld) VACASK cannot compile a model; the native engine needs nothing"
    say "  to have everything: sudo apt-get install ${missing[*]}"
}

# ngspice with OSDI, for the tests of compiled Verilog-A (osdi_ngspice.sh): Debian 12's own has none.
osdi_ngspice() {
    local library
    library=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | awk '/libngspice\.so/ { print $NF; exit }')
    if [ -n "$library" ] && grep -qaF 'osdi lib' "$library"; then return; fi
    .ci/osdi_ngspice.sh >/dev/null || [ "${CI:-}" != true ] || fail "CI=true needs an ngspice with OSDI"
}

# Tried by running it: a version manager's `python3.12` may be there and only say that it is not.
is_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

make_venv() {
    local python
    for python in python3.13 python3.12 python3.11 python3 none; do
        if is_python "$python"; then break; fi
    done
    [ "$python" != none ] || fail "Python 3.11 or newer is needed; tried python3.13, python3.12, python3.11, python3"
    say "making .venv with $("$python" --version)"
    if ! "$python" -m venv --clear .venv >/dev/null 2>&1; then  # Debian keeps this module in a package of its own
        apt_install "$python-venv" || fail "$python -m venv does not work: $why; sudo apt-get install $python-venv"
        "$python" -m venv --clear .venv
    fi
}

# An environment belongs to one path: a moved or copied checkout gets a new one.
venv_is_good() {
    .venv/bin/python -c 'import pip' 2>/dev/null && is_python .venv/bin/python && ! grep -qsvF " in $PWD:" .venv/.installed
}

install_package() {
    local stamp=.venv/.installed want constraints pinned=()
    want="$(cat pyproject.toml .ci/constraints-*.txt | cksum) in $PWD"
    grep -qsxF -e "$want: $extra" -e "$want: dev" "$stamp" && return
    venv_is_good || make_venv
    say "installing spicegen${extra:+ and the tools for development} into .venv: a minute or two the first time"
    if [ "$extra" = dev ]; then
        constraints=.ci/constraints-$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt
        if [ -f "$constraints" ]; then pinned=(--constraint "$constraints"); else say "  newest versions: no $constraints"; fi
    fi
    .venv/bin/python -m pip install -qq "${pinned[@]}" --editable ".${extra:+[$extra]}"
    echo "$want: $extra" >"$stamp"
}

debian_packages
[ "$extra" != dev ] || osdi_ngspice
install_package
