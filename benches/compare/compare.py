"""Times whole processes that redact the same archive, after checking that all of them release the same.

What the others take out is read off the filter's own output: every place of the messages that isn't in it. They take out
these places, and only these: a list of what is denied, where the filter has one of what is permitted. That is less than the
filter does, and faster; the messages are all of one layout, so the result is the same.
"""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from lxml import etree

WORK, FILTER, GENERATE = Path(sys.argv[1]), os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
IS_SMALL = "--small" in sys.argv
HERE = Path(__file__).parent
RUNS = 3
DENSE, PHOTO = (2_000, 500) if IS_SMALL else (20_000, 5_000)


def json_places(value, path=()):
    """Places of members, arrays transparent, each before what is below it."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield path + (name,), isinstance(member, list)
            yield from json_places(member, path + (name,))
    elif isinstance(value, list):
        for item in value:
            yield from json_places(item, path)


def xml_places(element, path=()):
    for child in element:
        yield path + (child.tag,)
        yield from xml_places(child, path + (child.tag,))


def outermost(places):
    places = set(places)
    return sorted(place for place in places if not any(place[:length] in places for length in range(1, len(place))))


def programs_for_json(before, after, folder):
    lists = {place for place, is_list in json_places(before) if is_list}
    kept = {place for place, _ in json_places(after)}
    gone = outermost(place for place, _ in json_places(before) if place not in kept)

    def written(place, bracket):
        text = ""
        for length in range(1, len(place) + 1):
            text += bracket(place[length - 1])
            if place[:length] in lists and length < len(place):
                text += bracket(None)
        return text

    jq = lambda name: "[]" if name is None else f".{json.dumps(name)}"
    (folder / "program.jq").write_text("del(" + ", ".join(written(place, jq) for place in gone) + ")")
    fast = lambda name: "[*]" if name is None else f"[{json.dumps(name)}]"
    (folder / "places.json").write_text(json.dumps([written(place, fast) for place in gone]))
    (folder / "gone.json").write_text(json.dumps(gone))


def programs_for_xml(before, after, folder):
    kept = set(xml_places(after))
    gone = outermost(place for place in xml_places(before) if place not in kept)
    prefixes = {}

    def step(tag):
        namespace, _, name = tag[1:].partition("}")
        prefix = prefixes.setdefault(namespace, f"p{len(prefixes)}")
        return f"{prefix}:{name}"

    paths = ["/*/" + "/".join(step(tag) for tag in place) for place in gone]
    declared = " ".join(f'xmlns:{prefix}="{namespace}"' for namespace, prefix in prefixes.items())
    (folder / "program.xsl").write_text(
        f'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" {declared}>'
        '<xsl:output method="xml" encoding="UTF-8"/>'
        '<xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>'
        f'<xsl:template match="{" | ".join(paths)}"/></xsl:stylesheet>'
    )
    (folder / "gone.json").write_text(json.dumps([list(place) for place in gone]))
    names = [f"-N {prefix}={namespace}" for namespace, prefix in prefixes.items()]
    return " ".join(names), " ".join(f"-d {shlex.quote(path)}" for path in paths)


def outputs(path, syntax):
    """The messages of an output, in a form in which equal ones are equal."""
    if path.is_dir():
        texts = [file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()]
    else:
        texts = [line for line in path.read_bytes().split(b"\n") if line and not line.startswith(b"<?xml")]
        texts = [line for line in texts if line.strip()]
    if syntax == "json":
        return [json.dumps(json.loads(text), sort_keys=True) for text in texts]
    return [etree.tostring(etree.fromstring(text), method="c14n2") for text in texts]


def run(command, out):
    """Runs a shell command: wall seconds, processor seconds, peak MiB."""
    if out.is_dir():
        subprocess.run(["rm", "-rf", out], check=True)
        out.mkdir()
    begun = time.perf_counter()
    process = subprocess.Popen(["bash", "-c", command], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(f"{command}: status {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(kind, count):
    syntax, _ = kind.split("-")
    folder = WORK / kind
    subprocess.run(["rm", "-rf", folder], check=True)
    folder.mkdir(parents=True)
    lines = folder / ("in.ndjson" if syntax == "json" else "in.lines")
    form = "ndjson" if syntax == "json" else "lines"
    arguments = ["--kind", kind, "--messages", str(count)]
    subprocess.run([GENERATE, "--form", form, *arguments, lines], check=True)
    size = lines.stat().st_size
    ours = f"{FILTER} redact {lines} --input-format ndjson --requester AZ0070000 --purpose C"
    out = folder / "ours"
    run(f"{ours} > {out}", out)
    before = lines.read_bytes().split(b"\n", 1)[0]
    after = out.read_bytes().split(b"\n", 1)[0]
    python = f"{sys.executable} {HERE}/peers.py"
    commands = {
        "dmv-redact": ours,
        "dmv-redact, one thread": f"{ours} --jobs 1",
        "dmv-redact, one reading": f"{ours} --no-second-reading",
        "dmv-redact, one reading, one thread": f"{ours} --no-second-reading --jobs 1",
        "cat": f"cat {lines}",
    }
    into_folder = {}
    if syntax == "json":
        programs_for_json(json.loads(before), json.loads(after), folder)
        commands |= {
            "jq": f"jq -c -f {folder}/program.jq {lines}",
            "jaq": f"{WORK}/bin/jaq -c -f {folder}/program.jq {lines}",
            "Python orjson": f"{python} orjson {folder}/gone.json {lines}",
            "Node fast-redact": f"NODE_PATH={WORK}/node_modules node {HERE}/fast-redact.cjs {folder}/places.json {lines}",
        }
    else:
        names, paths = programs_for_xml(etree.fromstring(before), etree.fromstring(after), folder)
        files = folder / "files"
        subprocess.run([GENERATE, "--form", "folder", *arguments, files], check=True)
        listed = f"find {files} -type f | sort"
        commands |= {
            "Python lxml": f"{python} lxml {folder}/gone.json {lines}",
            "Saxon": f"{python} saxon {folder}/program.xsl {lines}",
            "xmlstarlet": f"{listed} | xargs -n 100000 xmlstarlet ed -P {names} {paths}",
        }
        into_folder = {
            "xsltproc": f"{listed} | xargs -n 100000 xsltproc -o OUT/ {folder}/program.xsl",
            "dmv-redact, a folder of files": f"{FILTER} redact {files} -o OUT --requester AZ0070000 --purpose C",
        }
    expected = outputs(out, syntax)
    assert len(expected) == count, f"{kind}: {len(expected)} messages of {count} were released"
    rows = []
    for name, command in (commands | into_folder).items():
        out = folder / "out"
        subprocess.run(["rm", "-rf", out], check=True)
        if name in into_folder:
            out.mkdir()
            command = command.replace("OUT", str(out)) + " > /dev/null"
        else:
            command += f" > {out}"
        times = [run(command, out) for _ in range(RUNS)]
        if name != "cat":
            assert outputs(out, syntax) == expected, f"{kind}: {name} gives other messages"
        wall, processor, peak = min(times)
        rows.append((name, size / wall / 1e6, size / processor / 1e6, peak))
    return size, rows


def version(command):
    text = subprocess.run(command, shell=True, capture_output=True, text=True)
    return (text.stdout + text.stderr).strip().split("\n")[0]


def main():
    lines = ["# Whole processes beside others", ""]
    lines.append(f"Written by `benches/compare.sh` on {date.today()}: the best of {RUNS} runs, output to a file, MB of input a second "
                 "of wall time and of processor time. Equal outputs were checked first: parsed JSON, canonical XML. The others take "
                 "out a list of places (jq, jaq, fast-redact: `del` and its like; XSLT: empty templates): nothing is "
                 "judged, nothing unknown is found. dmv-redact judges every value under the built-in policy; with one reading and with two (its default).")
    lines.append("")
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    lines.append(f"Machine: {cpu}, {os.cpu_count()} cores. Versions: {version(FILTER + ' --version')}; {version('jq --version')}; "
                 f"{version(str(WORK / 'bin/jaq') + ' --version')}; {version(sys.executable + ' --version')} with orjson, lxml, saxonche; node "
                 f"{version('node --version')}; {version('xsltproc --version')}; xmlstarlet {version('xmlstarlet --version')}.")
    for kind, count in [("json-dense", DENSE), ("json-photo", PHOTO), ("xml-dense", DENSE), ("xml-photo", PHOTO)]:
        size, rows = compare(kind, count)
        peers = [row for row in rows if not row[0].startswith("dmv-redact") and row[0] != "cat"]
        best = max(peers, key=lambda row: row[1])
        lines += ["", f"## {kind}: {count:,} messages, {size / 1e6:,.0f} MB", "",
                  f"| program | MB/s | MB a processor second | peak MiB | x {best[0]} |", "| --- | --- | --- | --- | --- |"]
        for name, wall, processor, peak in sorted(rows, key=lambda row: -row[1]):
            lines.append(f"| {name} | {wall:,.0f} | {processor:,.0f} | {peak:,.0f} | {wall / best[1]:.1f} |")
        print("\n".join(lines[-len(rows) - 4:]), flush=True)
    if not IS_SMALL:
        (HERE.parent / "COMPARE.md").write_text("\n".join(lines) + "\n")


main()
