"""TOROPACK1: several files in one, because the PVH protocol hands over a single module.

LAYOUT. The line "TOROPACK1", then for each file: a line "<bytes> <name bytes>" (decimal, one space), the name, a
newline, the content. Nothing is padded. The end of the module is the end of the pack. platform/baremetal reads it.
"""

import os
import shutil

MAGIC = b"TOROPACK1\n"


def write_pack(output, files):
    """Writes the (name, path) pairs of `files` to the file object `output`."""
    output.write(MAGIC)
    for name, path in files:
        encoded = os.fsencode(name)
        with open(path, "rb") as content:
            size = os.fstat(content.fileno()).st_size
            output.write(b"%d %d\n%s\n" % (size, len(encoded), encoded))
            before = output.tell()
            shutil.copyfileobj(content, output, 1 << 20)
            if output.tell() - before != size:
                raise OSError("%s changed while it was read" % path)


def kernel_words(arguments):
    """The application's arguments as they stand in the kernel's command line: plain, or "quoted" with \\" and \\\\."""
    words = []
    for word in arguments:
        plain = word and all(c.isalnum() or c in "_-+=./,:@%^" for c in word) and word != "--"
        words.append(word if plain else '"%s"' % word.replace("\\", "\\\\").replace('"', '\\"'))
    return " ".join(words)
