"""Times whole processes that redact the same archive, after checking that all of them release the same.

What the others take out is read off the filter's own output: every place of the messages that isn't in it. They take out
these places, and only these: a list of what is denied, where the filter has one of what is permitted. That is less than the
filter does, and faster; messages of one layout give the same all the same. On traffic of fifty states a list can't: what
goes depends on the requester and the value. There the others take out what the filter never lets through, and the share of
messages that come out alike is told.
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

WORK = Path(sys.argv[1])
FILTER, GENERATE, TRAFFIC = map(os.path.abspath, sys.argv[2:5])
IS_SMALL = "--small" in sys.argv
HERE = Path(__file__).parent
RUNS = 3
DENSE, PHOTO, MIXED = (2_000, 500, 3_000) if IS_SMALL else (20_000, 5_000, 50_000)


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


def programs_for_json(before, after, folder, others=()):
    """Programs for messages, given with what the filter makes of them; `others` are messages of which it makes nothing."""
    places = {place: is_list for message in before for place, is_list in sorted(json_places(message))}
    lists = {place for place, is_list in places.items() if is_list}
    lists |= {place for message in others for place, is_list in json_places(message) if is_list}
    kept = {place for message in after for place, _ in json_places(message)}
    gone = outermost(place for place in places if place not in kept)

    def written(place, bracket):
        text = ""
        for length in range(1, len(place) + 1):
            text += bracket(place[length - 1])
            if place[:length] in lists and length < len(place):
                text += bracket(None)
        return text

    def jq(places, before):
        """A filter for what is at `before`: jaq's `del` of a path wants every step of it to be there."""
        names = dict.fromkeys(place[0] for place in places)
        steps = []
        for name in names:
            below = [place[1:] for place in places if place[0] == name and len(place) > 1]
            key = f".{json.dumps(name)}"
            inside = jq(below, before + (name,)) if below else ""
            # Some states send a list where others send one object.
            inside = f"if type == \"array\" then map({inside}) else {inside} end" if before + (name,) in lists else inside
            steps.append(f"if {key} then {key} |= ({inside}) else . end" if below else f"del({key})")
        return " | ".join(steps)

    (folder / "program.jq").write_text(jq(gone, ()))
    fast = lambda name: "[*]" if name is None else f"[{json.dumps(name)}]"
    (folder / "places.json").write_text(json.dumps([written(place, fast) for place in gone]))
    (folder / "gone.json").write_text(json.dumps(gone))


def programs_for_xml(before, after, folder):
    kept = {place for message in after for place in xml_places(message)}
    gone = outermost(place for message in before for place in xml_places(message) if place not in kept)
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


def filled(value):
    """JSON without empty objects: the others leave shells where the filter leaves nothing."""
    if isinstance(value, dict):
        members = {name: filled(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(filled, value) if item not in ({}, [])]
    return value


def fill(element):
    """The same of XML, and without white space that only lays it out."""
    if len(element) and not (element.text or "").strip():
        element.text = None
    for child in list(element):
        fill(child)
        if not (child.tail or "").strip():
            child.tail = None
        if len(child) == 0 and not (child.text or "").strip():
            element.remove(child)
    return element


def outputs(path, syntax):
    """The messages of an output, in a form in which equal ones are equal."""
    if path.is_dir():
        texts = [file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()]
    else:
        text = path.read_bytes()
        if text.startswith(b"<?xml"):
            texts = [message.split(b"?>", 1)[1].strip() for message in text.split(b"<?xml")[1:]]
        else:
            texts = [line for line in text.split(b"\n") if line.strip()]
    return [canonical(text, syntax) for text in texts]


def canonical(text, syntax):
    if syntax == "json":
        return json.dumps(filled(json.loads(text)), sort_keys=True)
    return etree.tostring(fill(etree.fromstring(text)), method="c14n2", exclusive=True)


def run(command, out):
    """Runs a shell command: wall seconds, processor seconds, peak MiB."""
    if out.is_dir():
        subprocess.run(["rm", "-rf", out], check=True)
        out.mkdir()
    measured = WORK / "measured"
    timed = ["/usr/bin/time", "--quiet", "-f", "%e %U %S %M", "-o", measured, "bash", "-c", command]
    begun = time.perf_counter()
    status = subprocess.run(timed, stderr=subprocess.DEVNULL).returncode
    wall = time.perf_counter() - begun
    if status not in (0, 3):
        sys.exit(f"{command}: status {status}")
    _, user, system, peak = map(float, measured.read_text().split())
    return wall, user + system, peak / 1024


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
    commands = own_commands(ours, lines)
    into_folder = {}
    if syntax == "json":
        programs_for_json([json.loads(before)], [json.loads(after)], folder)
        commands |= {
            "jq": f"jq -c -f {folder}/program.jq {lines}",
            "jaq": f"{WORK}/bin/jaq -c -f {folder}/program.jq {lines}",
            "Python orjson": f"{python} orjson {folder}/gone.json {lines}",
            "Node fast-redact": f"NODE_PATH={WORK}/node_modules node {HERE}/fast-redact.cjs {folder}/places.json {lines}",
        }
    else:
        names, paths = programs_for_xml([etree.fromstring(before)], [etree.fromstring(after)], folder)
        files = folder / "files"
        subprocess.run([GENERATE, "--form", "folder", *arguments, files], check=True)
        listed = f"find {files} -type f | sort"
        commands |= {
            "Python lxml": f"{python} lxml {folder}/gone.json {lines}",
            "Saxon": f"{python} saxon {folder}/program.xsl {lines}",
            "xsltproc": f"{listed} | xargs -n 100000 xsltproc {folder}/program.xsl",
            "xmlstarlet": f"{listed} | xargs -n 100000 xmlstarlet ed -P {names} {paths}",
        }
        into_folder = {
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
        rows.append((name, size / wall / 1e6, size / max(processor, 0.01) / 1e6, peak))
    return size, rows


def compare_traffic(kind, count):
    """The same on traffic, whose requesters the messages name; XML as files for those that read nothing else."""
    syntax, _ = kind.split("-")
    folder = WORK / kind
    subprocess.run(["rm", "-rf", folder], check=True)
    folder.mkdir(parents=True)
    lines, bare = folder / "in.ndjson", folder / "in.bare"
    arguments = ["--class", syntax, "--messages", str(count)]
    subprocess.run([TRAFFIC, *arguments, "-o", lines], check=True)
    subprocess.run([TRAFFIC, *arguments, "--bare", "yes", "-o", bare], check=True)
    size = bare.stat().st_size
    ours = f"{FILTER} redact {lines} --purpose C"
    out = folder / "ours"
    run(f"{ours} > {out}", out)
    messages = bare.read_bytes().splitlines()
    results = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert len(messages) == len(results) == count, f"{kind}: {len(results)} results"
    is_released = [not (isinstance(result, dict) and "withheld" in result) for result in results]
    results = [result if released else None for result, released in zip(results, is_released)]
    if syntax == "xml":
        results = [result and result.encode() for result in results]
        expected = [result and canonical(result, syntax) for result in results]
        read = etree.fromstring
    else:
        expected = [result and json.dumps(filled(result), sort_keys=True) for result in results]
        results, read = [result and json.dumps(result) for result in results], json.loads
    before = [read(message) for message, result in zip(messages, results) if result]
    after = [read(result) for result in results if result]
    python = f"{sys.executable} {HERE}/peers.py"
    commands = own_commands(ours, lines)
    if syntax == "json":
        others = [read(message) for message, result in zip(messages, results) if not result]
        programs_for_json(before, after, folder, others)
        commands |= {
            "jq": f"jq -c -f {folder}/program.jq {bare}",
            "jaq": f"{WORK}/bin/jaq -c -f {folder}/program.jq {bare}",
            "Python orjson": f"{python} orjson {folder}/gone.json {bare}",
        }
    else:
        programs_for_xml(before, after, folder)
        files = folder / "files"
        files.mkdir()
        for number, message in enumerate(messages):
            (files / f"{number:06}.xml").write_bytes(message)
        listed = f"find {files} -type f | sort"
        commands |= {
            "Python lxml": f"{python} lxml {folder}/gone.json {bare}",
            "xsltproc": f"{listed} | xargs -n 100000 xsltproc {folder}/program.xsl",
        }
    rows, alike = [], {}
    for name, command in commands.items():
        out = folder / "out"
        times = [run(f"{command} > {out}", out) for _ in range(RUNS)]
        if not name.startswith("dmv-redact") and name != "cat":
            theirs = outputs(out, syntax)
            assert len(theirs) == count, f"{kind}: {name} gives {len(theirs)} messages of {count}"
            pairs = [own == other for own, other in zip(expected, theirs) if own]
            alike[name] = sum(pairs) / len(pairs)
        wall, processor, peak = min(times)
        rows.append((name, size / wall / 1e6, size / max(processor, 0.01) / 1e6, peak))
    told = ", ".join(f"{name} {share:.0%}" for name, share in alike.items())
    note = f"{len(after):,} messages of {count:,} are let through; of these come out the same: {told}."
    return size, rows, note


def own_commands(ours, lines):
    """The filter's own commands, and what the disk and a pipe cost."""
    return {
        "dmv-redact": ours,
        "dmv-redact, one thread": f"{ours} --jobs 1",
        "dmv-redact, one reading": f"{ours} --no-second-reading",
        "dmv-redact, one reading, one thread": f"{ours} --no-second-reading --jobs 1",
        "cat": f"cat {lines}",
    }


def version(command):
    text = subprocess.run(command, shell=True, capture_output=True, text=True)
    return (text.stdout + text.stderr).strip().split("\n")[0]


def main():
    lines = ["# Whole processes beside others", ""]
    lines.append(f"Written by `benches/compare.sh` on {date.today()}: the best of {RUNS} runs, output to a file, MB of input a second "
                 "of wall time and of processor time. Equal outputs were checked first: parsed JSON, canonical XML, what is left empty and white space between elements aside. The others take "
                 "out a list of places (jq, jaq: `del`; fast-redact: its paths; XSLT: empty templates): nothing is "
                 "judged, nothing unknown is found. dmv-redact judges every value under the built-in policy; with one reading and with two (its default).")
    lines.append("")
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    lines.append(f"Machine: {cpu}, {os.cpu_count()} cores. Versions: {version(FILTER + ' --version')}; {version('jq --version')}; "
                 f"{version(str(WORK / 'bin/jaq') + ' --version')}; {version(sys.executable + ' --version')} with orjson, lxml, saxonche; node "
                 f"{version('node --version')}; {version('xsltproc --version')}; xmlstarlet {version('xmlstarlet --version')}.")
    traffic = [("json-traffic", MIXED), ("xml-traffic", MIXED)]
    repeated = [("json-dense", DENSE), ("json-photo", PHOTO), ("xml-dense", DENSE), ("xml-photo", PHOTO)]
    for kind, count in traffic + repeated:
        size, rows, note = compare_traffic(kind, count) if "traffic" in kind else (*compare(kind, count), "One layout, repeated.")
        peers = [row for row in rows if not row[0].startswith("dmv-redact") and row[0] != "cat"]
        best = max(peers, key=lambda row: row[1])
        lines += ["", f"## {kind}: {count:,} messages, {size / 1e6:,.0f} MB", "", note, "",
                  f"| program | MB/s | MB a processor second | peak MiB | x {best[0]} |", "| --- | --- | --- | --- | --- |"]
        for name, wall, processor, peak in sorted(rows, key=lambda row: -row[1]):
            lines.append(f"| {name} | {wall:,.0f} | {processor:,.0f} | {peak:,.0f} | {wall / best[1]:.1f} |")
        print("\n".join(lines[-len(rows) - 6:]), flush=True)
    if not IS_SMALL:
        (HERE.parent / "COMPARE.md").write_text("\n".join(lines) + "\n")


main()
