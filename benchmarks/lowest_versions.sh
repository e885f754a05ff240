#!/usr/bin/env bash
# Usage: benchmarks/lowest_versions.sh [PYTEST OPTION...]
#
# Installs everything that pyproject.toml names at its lowest version, with the lowest Python, and runs the tests on
# it.  The environment is ~/.cache/spicegen/lowest, made anew each time; the simulators are those that are here.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${XDG_CACHE_HOME:-$HOME/.cache}/spicegen/lowest
python3.11 -m venv --clear "$environment"
"$environment/bin/python" -m pip install -qq uv
"$environment/bin/uv" pip install -q --python "$environment" --resolution lowest-direct --editable '.[dev]'
"$environment/bin/uv" pip freeze -q --python "$environment" --exclude-editable
"$environment/bin/pytest" -n 2 "$@"
