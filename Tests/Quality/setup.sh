#!/usr/bin/env bash
# Makes build/quality-nncf, the Python environment of NNCF and OpenVINO, unless it is there as said here. Prints the path of
# its interpreter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv="$(cd "$here/../.." && pwd)/build/quality-nncf"
wanted=$(sha256sum <"$here/setup.sh")
if [ "$(cat "$venv/made-from" 2>/dev/null)" != "$wanted" ]; then
  echo "installing NNCF into $venv" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  install() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check install "$@" >&2; }
  # NNCF wants PyTorch; the CPU-only build, which is not on PyPI, is the smaller one.
  install "torch==2.13.0+cpu" 2>/dev/null || install "torch==2.13.0"
  install nncf==3.4.0 openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
  echo "$wanted" >"$venv/made-from"
fi
echo "$venv/bin/python"
