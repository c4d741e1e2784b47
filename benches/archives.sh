#!/usr/bin/env bash
# Redacts the same archive of mixed messages in every form, and prints a table: speed, use of the cores, memory, and whether
# every form gave the same. `benches/archives.sh [MESSAGES] [FOLDER]`; a million messages, which are the default, take 11 GB,
# and as much again, and their table is written to benches/ARCHIVES.md, too.
set -euo pipefail
cd "$(dirname "$0")/.."
messages=${1:-1000000}
work=${2:-target/archives}
files=$((messages < 100000 ? messages : 100000))
mkdir -p "$work"

cargo build --profile dist --quiet
cargo build --release --quiet --manifest-path benches/archives/Cargo.toml
target=${CARGO_TARGET_DIR:-target}
made=${CARGO_TARGET_DIR:-benches/archives/target}

if [ "$messages" = 1000000 ]; then
  exec > >(tee benches/ARCHIVES.md)
  cat <<INTRODUCTION
# Archives in every form

Written by \`benches/archives.sh\` on $(date +%F), commit $(git rev-parse --short HEAD). Machine:
$(sed -n 's/^model name\s*: //p;T;q' /proc/cpuinfo), $(nproc) cores. One run of the command line, with two readings, of a folder of
$files messages and of $messages in every other form, photos in a part of them; input is in the page cache. The digest is of
what was released, so equal digests are equal outputs; the folder has fewer messages.

INTRODUCTION
fi
echo "| form | messages | input MB | seconds | messages/s | MB/s of messages | cores | peak MiB | digest of what was released |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
for form in folder ndjson ndjson.zst tar.gz zip; do
  count=$messages
  [ "$form" = folder ] && count=$files
  rm -rf "$work"/in* "$work"/out*
  in="$work/in.$form" out="$work/out.$form"
  "$made/release/generate" --form "$form" --messages "$count" "$in"
  sync
  status=0
  { TIMEFORMAT='%R %U %S'; time "$target/dist/dmv-redact" redact "$in" -o "$out" --summary json \
      >"$work/summary" 2>"$work/notices" || status=$?; } 2>"$work/time"
  [ "$status" = 3 ] || { echo "$form: status $status" >&2; tail -3 "$work/notices" >&2; exit 1; }
  digest=$("$made/release/contents" "$out" | cut -d' ' -f1-3 | tr -d ,)
  python3 - "$work" "$form" "$in" "$digest" <<'PYTHON'
import json, os, subprocess, sys
work, form, source, digest = sys.argv[1:]
summary = json.load(open(f"{work}/summary"))
wall, user, system = map(float, open(f"{work}/time").read().split())
size = int(subprocess.run(["du", "-sb", source], capture_output=True, text=True).stdout.split()[0])
print(f"| {form} | {summary['messages']:,} | {size / 1e6:,.0f} | {wall:.1f} | {summary['messages'] / wall:,.0f} "
      f"| {summary['bytes-in'] / wall / 1e6:,.0f} | {(user + system) / wall:.2f} "
      f"| {summary['run']['peak-memory'] / 2**20:.0f} | {digest} |")
PYTHON
done
rm -rf "$work"/in* "$work"/out*
