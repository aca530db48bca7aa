#!/usr/bin/env bash
# What developing needs, for the Makefile: .venv with every requirement; `install.sh engine`
# also gets the engine.
set -euo pipefail
root=$(cd -P -- "${BASH_SOURCE[0]%/*}/.." && pwd)

. "$root/toolchain/bootstrap.sh"
need_venv dev
if [[ ${1-} == engine ]]; then need_engine; fi
