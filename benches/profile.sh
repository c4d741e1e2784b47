#!/usr/bin/env bash
# Where the instructions of a message go: the counts of `.ci/counts` by part of the filter, as tables on stdout, in markdown.
# Run `.ci/counts` first: this reads what callgrind left behind.
#
#   benches/profile.sh             instructions a message and shares, in the classes counted there
#
# What the compiler inlined is told by the file it was written in; of the standard library's own, by the function around it.
set -euo pipefail
cd "$(dirname "$0")/.."

constant() { sed -n "s/^const $1: usize = \([0-9]*\);$/\1/p" benches/counts/benches/messages.rs; }
runs=${CARGO_TARGET_DIR:-benches/counts/target}/gungraun/dmv-redact-counts/messages/messages

echo "| class | part | instructions a message | share |"
echo "| --- | --- | --- | --- |"
for run in "$runs"/redact.*/ "$runs"/traffic.*/; do
  class=$(basename "$run")
  case $class in
    traffic.*) counted=$(constant TRAFFIC) ;;
    *) counted=$(constant COUNTED) ;;
  esac
  # The thread that did the work is the one with the most.
  largest=$(ls -S "$run"callgrind.*.out | head -1)
  callgrind_annotate --auto=no --threshold=100 "$largest" |
    awk -v class="${class#*.}" -v counted="$counted" '
      match($0, /^ *[0-9,]+ \([ 0-9.]+%\)  [^ ]/) {
        count = $1
        gsub(",", "", count)
        where = substr($0, RLENGTH)
        if (where ~ /PROGRAM TOTALS/) next
        if (where ~ /crates\/verify\//) part = "second reading"
        else if (where ~ /src\/(catalog\/|window)/) part = "judging values"
        else if (where ~ /src\/(read|wide)/) part = "reading"
        else if (where ~ /src\/(rewrite|format|policy|names)/) part = "deciding and rewriting"
        else if (where ~ /src\/filter\//) part = "receipts and buffers"
        else if (where ~ /simdutf8/) part = "checking UTF-8"
        else if (where ~ /mem(cpy|move|set|cmp|chr)/) part = "copying and comparing bytes"
        else if (where ~ /serde_json|quick.xml|regex/ || where ~ /:.*verify::/) part = "second reading"
        else if (where ~ /:.*(rewrite|vectorize)/) part = "deciding and rewriting"
        else if (where ~ /:.*read::/) part = "reading"
        else part = "other"
        of[part] += count
        all += count
      }
      END {
        for (part in of) if (of[part] > all / 200)
          printf "| %s | %s | %d | %.0f %% |\n", class, part, of[part] / counted, 100 * of[part] / all
      }' | sort -t '|' -k 4,4nr
done
