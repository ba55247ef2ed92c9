"""--nodes and --distances of `toro run`: the nodes of the machine, for QEMU and for the hosted world alike."""

import re

from errors import usage_error

MAX_NODES = 32
LOCAL_DISTANCE, REMOTE_DISTANCE, NO_DISTANCE = 10, 20, 255
_FORM = "--nodes=N with 1 to %d, or --nodes=MIB:CPUS,MIB:CPUS,... (0 for none of them)" % MAX_NODES


def parse_nodes(text):
    """How many equal nodes, or [(MiB, CPUs)]."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_NODES:
        return int(text)
    nodes = []
    for piece in text.split(","):
        node = re.fullmatch(r"([0-9]{1,8}):([0-9]{1,3})", piece)
        if not node:
            raise usage_error("--nodes=%s: '%s' is no node" % (text, piece), _FORM)
        nodes.append((int(node[1]), int(node[2])))
    if len(nodes) > MAX_NODES:
        raise usage_error("--nodes names %d nodes" % len(nodes), _FORM)
    return nodes


def parse_distances(text):
    """[[distance]], a row per node."""
    rows = []
    for line in text.split("/"):
        row = []
        for piece in line.split(","):
            number = int(piece) if re.fullmatch(r"[0-9]{1,3}", piece) else 0
            itself = len(row) == len(rows)
            if number != LOCAL_DISTANCE if itself else not LOCAL_DISTANCE < number <= NO_DISTANCE:
                raise usage_error("--distances=%s: '%s' cannot be" % (text, piece),
                                  "rows of one number per node, as 10,20/20,10: 10 from a node to itself, 11 to 255 to "
                                  "another")
            row.append(number)
        rows.append(row)
    return rows


def _equal(count, cpus, memory_mib):
    def part(whole, node):
        return whole // count + (1 if node < whole % count else 0)
    # Memory in whole large pages, as far as it goes.
    return [(2 * part(memory_mib // 2, node) + (memory_mib % 2 if node == 0 else 0), part(cpus, node))
            for node in range(count)]


def settle(options):
    """Makes options.nodes a list, and options.cpus and options.memory what the nodes have together."""
    if not options.nodes:
        if options.distances:
            raise usage_error("--distances without --nodes", "add --nodes=%d" % len(options.distances))
        return
    if isinstance(options.nodes, int):
        options.nodes = _equal(options.nodes, options.cpus, options.memory)
    memory, cpus = (sum(numbers) for numbers in zip(*options.nodes))
    for name, whole, given in (("cpus", cpus, options.cpus), ("memory", memory, options.memory)):
        if name in options.given and whole != given:
            raise usage_error("--nodes has %d for --%s together, but --%s=%d was given" % (whole, name, name, given),
                              "leave --%s out, or let them agree" % name)
    if (0, 0) in options.nodes:
        raise usage_error("a node has neither memory nor CPUs", "give --nodes fewer nodes")
    if any(len(row) != len(options.nodes) for row in [options.distances or options.nodes, *options.distances]):
        raise usage_error("--distances is no square of the %d nodes" % len(options.nodes),
                          "one row per node, and in each one number per node")
    options.cpus, options.memory = cpus, memory


def as_words(options):
    """The same for a hosted program's command line."""
    words = []
    if options.nodes:
        words.append("--nodes=" + ",".join("%d:%d" % node for node in options.nodes))
    if options.distances:
        words.append("--distances=" + "/".join(",".join(map(str, row)) for row in options.distances))
    return words


def qemu_words(options):
    words, cpu = [], 0
    for number, (memory, cpus) in enumerate(options.nodes):
        node = "node,nodeid=%d" % number
        if memory:
            words += ["-object", "memory-backend-ram,id=node%d,size=%dM" % (number, memory)]
            node += ",memdev=node%d" % number
        if cpus:
            node += ",cpus=%d-%d" % (cpu, cpu + cpus - 1)
            cpu += cpus
        words += ["-numa", node]
    for source, _ in enumerate(options.nodes):
        for target, _ in enumerate(options.nodes):
            if source != target:
                value = options.distances[source][target] if options.distances else REMOTE_DISTANCE
                words += ["-numa", "dist,src=%d,dst=%d,val=%d" % (source, target, value)]
    return words
