"""QEMU's monitor, for the one question that toro asks: has the guest reached the kernel?"""

import re
import socket

_TIMEOUT_S = 2
_PROMPT = b"(qemu) "


def ask(path, question):
    """The answer to a monitor command, or '' when QEMU does not answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_TIMEOUT_S)
        try:
            connection.connect(path)
            _until_prompt(connection)
            connection.sendall(question.encode() + b"\n")
            return _until_prompt(connection).decode(errors="replace")
        except OSError:
            return ""


def _until_prompt(connection):
    text = b""
    while not text.endswith(_PROMPT):
        chunk = connection.recv(4096)
        if not chunk:
            break
        text += chunk
    return text


def in_long_mode(registers):
    """Do the registers of an x86 CPU show it in 64-bit mode (EFER.LMA), where the kernel runs and no firmware does?"""
    efer = re.search(r"EFER=([0-9a-f]+)", registers)
    return bool(efer and int(efer[1], 16) & 0x400)
