"""The Python peers: `peers.py orjson|lxml GONE LINES`, `peers.py saxon STYLESHEET LINES`; what is redacted goes to stdout."""

import json
import sys

how, program, lines = sys.argv[1:]
out = sys.stdout.buffer


def take_out(value, gone):
    """Takes out of JSON what a tree of names says; arrays are transparent."""
    if isinstance(value, list):
        for item in value:
            take_out(item, gone)
    elif isinstance(value, dict):
        for name, below in gone.items():
            if name in value:
                if below:
                    take_out(value[name], below)
                else:
                    del value[name]


def tree(places):
    root = {}
    for place in places:
        node = root
        for name in place:
            node = node.setdefault(name, {})
    return root


if how == "orjson":
    import orjson

    gone = tree(json.load(open(program)))
    with open(lines, "rb") as source:
        for line in source:
            message = orjson.loads(line)
            take_out(message, gone)
            out.write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))
elif how == "lxml":
    from lxml import etree

    gone = tree(json.load(open(program)))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)

    def take_out_elements(element, gone):
        for child in list(element):
            below = gone.get(child.tag)
            if below is None:
                continue
            if below:
                take_out_elements(child, below)
            else:
                element.remove(child)

    with open(lines, "rb") as source:
        for line in source:
            root = etree.fromstring(line, parser)
            take_out_elements(root, gone)
            out.write(etree.tostring(root, encoding="UTF-8"))
            out.write(b"\n")
else:
    from saxonche import PySaxonProcessor

    with PySaxonProcessor(license=False) as saxon, open(lines, encoding="utf-8") as source:
        stylesheet = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=program)
        for line in source:
            text = stylesheet.transform_to_string(xdm_node=saxon.parse_xml(xml_text=line))
            out.write(text.split("?>", 1)[1].strip().encode() + b"\n")
