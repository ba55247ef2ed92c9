"""A trace as a picture: a row per CPU, time from left to right, a colour per thread, arrows for what went across."""

import html

import trace_file

WIDTH = 1200
LEFT = 70
ROW = 34
BAR = 22
TOP = 30
_SLEEP_COLOUR = "#eceff1"
_MESSAGES_COLOUR = "#90a4ae"
# Threads by the time that they ran, the longest first; the others share the last colour.
_COLOURS = ("#3366cc", "#e8710a", "#12a150", "#a142f4", "#d93025", "#007b83", "#b06000", "#5f6368")
MOST_ARROWS = 400


def _busiest(slices):
    total = {}
    for piece in slices:
        if piece.kind == trace_file.THREAD:
            total[piece.thread] = total.get(piece.thread, 0) + piece.end_ns - piece.begin_ns
    return sorted(total, key=lambda thread: (-total[thread], thread))


def _merged(slices, ns_per_pixel):
    """Slices of one CPU and thread that lie less than half a pixel apart are one: a long run has millions."""
    last = {}
    for piece in sorted(slices, key=lambda piece: piece.begin_ns):
        key = (piece.cpu, piece.kind, piece.thread)
        before = last.get(key)
        if before is not None and piece.begin_ns - before.end_ns < ns_per_pixel / 2:
            before.end_ns = max(before.end_ns, piece.end_ns)
            continue
        if before is not None:
            yield before
        last[key] = trace_file.Slice(piece.cpu, piece.begin_ns, piece.end_ns, piece.kind, piece.thread)
    yield from last.values()


def _time(ns, unit):
    return "%.4g %s" % (ns / {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[unit], unit)


def _ticks(begin_ns, end_ns):
    span = max(1, end_ns - begin_ns)
    step = 10 ** (len(str(span)) - 1)
    while span / step < 5:
        step = step // 2 if step > 1 else 1
        if step == 1:
            break
    first = -(-begin_ns // step) * step
    return range(first, end_ns + 1, step)


def write(trace, file, begin_ns=None, end_ns=None):
    """Draws what happened from begin_ns (None: when a CPU first did something) to end_ns (None: the end)."""
    begin_ns = min([piece.begin_ns for piece in trace.slices], default=0) if begin_ns is None else begin_ns
    end_ns = trace.end_ns if end_ns is None else min(end_ns, trace.end_ns)
    span_ns = max(1, end_ns - begin_ns)
    scale = (WIDTH - LEFT - 10) / span_ns
    inside = [piece for piece in trace.slices if piece.begin_ns <= end_ns and piece.end_ns >= begin_ns]
    busiest = _busiest(inside)
    colours = {thread: _COLOURS[min(i, len(_COLOURS) - 1)] for i, thread in enumerate(busiest)}
    legend_y = TOP + trace.cpus * ROW + 16
    height = legend_y + 44

    def x(ns):
        return LEFT + (min(max(ns, begin_ns), end_ns) - begin_ns) * scale

    def y(cpu):
        return TOP + cpu * ROW

    out = file.write
    out('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">\n'
        % (WIDTH, height))
    out('<rect width="100%" height="100%" fill="white"/>\n<defs><marker id="head" viewBox="0 0 6 6" refX="6" refY="3" '
        'markerWidth="5" markerHeight="5" orient="auto"><path d="M0 0L6 3L0 6z" fill="#202124"/></marker></defs>\n')
    unit = next(u for u, least in (("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 0)) if span_ns >= least)
    for tick in _ticks(begin_ns, end_ns):
        out('<path d="M%.1f %dV%d" stroke="#e0e0e0"/>\n' % (x(tick), TOP - 8, y(trace.cpus)))
        out('<text x="%.1f" y="%d" text-anchor="middle" fill="#5f6368">%s</text>\n' % (
            x(tick), TOP - 13, _time(tick, unit)))
    for cpu in range(trace.cpus):
        out('<text x="8" y="%d">CPU %d</text>\n' % (y(cpu) + 15, cpu))
    for piece in sorted(_merged(inside, 1 / scale), key=lambda piece: piece.kind != trace_file.ASLEEP):
        colour = (_SLEEP_COLOUR if piece.kind == trace_file.ASLEEP else
                  _MESSAGES_COLOUR if piece.kind == trace_file.MESSAGES else colours[piece.thread])
        name = trace.name(piece.thread) if piece.thread else piece.kind
        out('<rect x="%.2f" y="%d" width="%.2f" height="%d" fill="%s"><title>%s, %s</title></rect>\n' % (
            x(piece.begin_ns), y(piece.cpu), max(0.6, x(piece.end_ns) - x(piece.begin_ns)), BAR, colour,
            html.escape(name), _time(piece.end_ns - piece.begin_ns, "us")))
    arrows = [arrow for arrow in trace.arrows if begin_ns <= arrow.from_ns and arrow.to_ns <= end_ns]
    for arrow in arrows[:MOST_ARROWS]:
        down = arrow.to_cpu > arrow.from_cpu
        out('<path d="M%.1f %dL%.1f %d" stroke="#202124" stroke-width="%s" marker-end="url(#head)" fill="none"/>\n' % (
            x(arrow.from_ns), y(arrow.from_cpu) + (BAR if down else 0), x(arrow.to_ns),
            y(arrow.to_cpu) + (0 if down else BAR), "1.1" if arrow.kind == "migration" else "0.5"))
    _write_legend(trace, out, legend_y, busiest, colours, len(arrows) - MOST_ARROWS)
    out("</svg>\n")


def _write_legend(trace, out, legend_y, busiest, colours, arrows_left_out):
    entries = [(colours[thread], trace.name(thread)) for thread in busiest[:len(_COLOURS) - 1]]
    if len(busiest) >= len(_COLOURS):
        entries.append((_COLOURS[-1], "%d more threads" % (len(busiest) - len(_COLOURS) + 1)))
    entries += [(_MESSAGES_COLOUR, trace_file.MESSAGES), (_SLEEP_COLOUR, trace_file.ASLEEP)]
    at = LEFT
    for colour, name in entries:
        out('<rect x="%d" y="%d" width="11" height="11" fill="%s"/><text x="%d" y="%d">%s</text>\n' % (
            at, legend_y, colour, at + 15, legend_y + 10, html.escape(name)))
        at += 32 + 7 * len(name)
    notes = []
    if arrows_left_out > 0:
        notes.append("%d of the arrows are left out" % arrows_left_out)
    if any(trace.lost):
        notes.append("of the beginning, %d records were not kept" % sum(trace.lost))
    if notes:
        out('<text x="%d" y="%d" fill="#5f6368">%s</text>\n' % (LEFT, legend_y + 30, "; ".join(notes)))
