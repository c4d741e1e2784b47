#!/usr/bin/env bash
# Compares whole processes: dmv-redact and other programs that do the same job over the same archives. Installs the programs
# under target/compare (Debian's jq, xsltproc, xmlstarlet and time into the system), and writes benches/COMPARE.md.
# `benches/compare.sh --small` takes a tenth of the messages and prints the table instead.
set -euo pipefail
cd "$(dirname "$0")/.."
work=target/compare
mkdir -p "$work"

lacking=()
for tool in jq xsltproc xmlstarlet; do command -v "$tool" >/dev/null || lacking+=("$tool"); done
[ -x /usr/bin/time ] || lacking+=(time)
command -v node >/dev/null || lacking+=(nodejs npm)
if [ "${#lacking[@]}" -gt 0 ]; then
  apt-get update -qq
  apt-get install -y -qq "${lacking[@]}"
fi
[ -x "$work/bin/jaq" ] || cargo install --quiet --locked --root "$work" jaq
[ -d "$work/venv" ] || python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet orjson lxml saxonche
[ -d "$work/node_modules/fast-redact" ] || npm --prefix "$work" install --silent fast-redact

cargo build --profile dist --quiet
# Both are called `generate`, and may be built into one folder.
cargo build --release --quiet --manifest-path benches/archives/Cargo.toml
cp "${CARGO_TARGET_DIR:-benches/archives/target}/release/generate" "$work/generate-archives"
cargo build --release --quiet --manifest-path benches/traffic/Cargo.toml
cp "${CARGO_TARGET_DIR:-benches/traffic/target}/release/generate" "$work/generate-traffic"
"$work/venv/bin/python" benches/compare/compare.py "$work" \
  "${CARGO_TARGET_DIR:-target}/dist/dmv-redact" \
  "$work/generate-archives" "$work/generate-traffic" "$@"
