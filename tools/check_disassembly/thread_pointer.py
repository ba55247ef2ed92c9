"""What may not be carried over a switch to another thread, found in the disassembly of one function.

A thread goes on, after a switch, perhaps on another CPU. Two kinds of value are wrong then:

  thread-address  an address made from the thread pointer (`mov` or `add %fs:0,REGISTER`, `__tls_get_addr`). In the
                  hosted world the thread_local variables belong to the CPU. On the bare machine they move with the
                  thread, so applications may keep such addresses there; the core is one source for both: none.
  cpu-pointer     the pointer to the current CPU's scheduler (the anchor), or an address made from it, saved on the
                  stack before a switch and read again after it. Registers cannot hold it: the switch clobbers all.

The second is found by one pass in the order of the addresses, so code that the compiler moved behind the switch counts
as after it.
"""

import re

_SWITCH = re.compile(r"^jmp[q]?\*0x10\(%rsi\)")
_ANCHOR = re.compile(r"^%gs:0x0,(%r\w+)$")
_THREAD_POINTER = re.compile(r"^%fs:0x0,(%r\w+)$")
_TLS_FUNCTION = "__tls_get_addr"
_SLOT = re.compile(r"^-?(?:0x[0-9a-f]+)?\((?:%rsp|%rbp)\)$")
_REGISTER = re.compile(r"^%r\w+$")
_RELOCATED = re.compile(r"R_X86_64_(?:TPOFF32|PLT32|GOTPCRELX)\s+(\S+)")
ANCHOR_SYMBOL = "current_cpu_anchor"


def split(operands):
    return [part for part in re.split(r",(?![^(]*\))", operands) if part]


class _Function:
    """The registers and stack slots that hold the anchor, on the way through one function."""

    def __init__(self):
        self.registers, self.slots, self.stale = set(), set(), set()

    def step(self, mnemonic, operands, relocation):
        """A kind of problem, or None."""
        if _SWITCH.match(mnemonic + operands):
            self.stale |= self.slots
            self.slots, self.registers = set(), set()
            return None
        thread_pointer = _THREAD_POINTER.match(operands)
        if (thread_pointer and not relocation) or _TLS_FUNCTION in relocation:
            return "thread-address"
        if mnemonic.startswith("mov"):
            if _ANCHOR.match(operands) or (thread_pointer and ANCHOR_SYMBOL in relocation):
                self.registers.add(split(operands)[-1])
                return None
        return self._move(mnemonic, split(operands))

    def _move(self, mnemonic, parts):
        if not parts:
            return None
        source, target = parts[0], parts[-1]
        if mnemonic.startswith("mov") and len(parts) == 2:
            if _SLOT.match(target):
                self.stale.discard(target)
                (self.slots.add if source in self.registers else self.slots.discard)(target)
                return None
            if _SLOT.match(source):
                if source in self.stale:
                    return "cpu-pointer"
                self._write(target, source in self.slots)
                return None
            self._write(target, source in self.registers)
        elif mnemonic.startswith("lea") and len(parts) == 2:
            base = re.match(r"^-?(?:0x[0-9a-f]+)?\((%r\w+)\)$", source)
            self._write(target, base is not None and base[1] in self.registers)
        elif not mnemonic.startswith(("cmp", "test", "j", "push")):
            self._write(target, False)
        return None

    def _write(self, target, holds_anchor):
        if _REGISTER.match(target):
            (self.registers.add if holds_anchor else self.registers.discard)(target)


def problems_in(lines):
    """(function, kind, instruction) for the output of `objdump -dCrw --no-show-raw-insn`."""
    name, state = "", _Function()
    for line in lines:
        header = re.match(r"^[0-9a-f]+ <(.*)>:$", line)
        if header:
            name, state = header[1], _Function()
            continue
        match = re.match(r"^\s+[0-9a-f]+:\t(\S+)\s*([^\t#]*)(.*)$", line)
        if not match:
            continue
        relocation = _RELOCATED.search(match[3])
        operands = match[2].split("<")[0].replace(" ", "")
        kind = state.step(match[1], operands, relocation[1] if relocation else "")
        if kind:
            yield name, kind, "%s %s" % (match[1], operands)
