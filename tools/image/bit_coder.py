"""Writes numbers and text in as few bits as their neighbours make them likely: an adaptive binary arithmetic coder.

platform/baremetal/cpu/bit_decoder.h reads what this writes, and explains it.
"""

MODEL_BITS = 13
START = 2048 << 4  # a bit is as likely 1 as 0, and none has been seen
TEXT = 1 << 31


class BitCoder:
    def __init__(self):
        self.models = [START] * (1 << MODEL_BITS)
        self.low, self.high, self.data = 0, 0xFFFFFFFF, bytearray()

    def bit(self, context, bit):
        index = (context * 0x9E3779B1 & 0xFFFFFFFF) >> 32 - MODEL_BITS
        model = self.models[index]
        one, seen = model >> 4, model & 15
        middle = self.low + (self.high - self.low >> 12) * one
        if bit:
            self.high = middle
            one += (4096 - one) * 2 // (2 * seen + 3)
        else:
            self.low = middle + 1
            one -= one * 2 // (2 * seen + 3)
        self.models[index] = one << 4 | min(seen + 1, 14)
        while (self.low ^ self.high) >> 24 == 0:
            self.data.append(self.high >> 24)
            self.low = self.low << 8 & 0xFFFFFFFF
            self.high = (self.high << 8 & 0xFFFFFFFF) | 255

    def bits(self, context, value, count):
        node = 1
        for place in range(count - 1, -1, -1):
            bit = value >> place & 1
            self.bit(context + node, bit)
            node = node * 2 + bit

    def number(self, field, value):
        """0 <= value < 2^31; `field` below 2^15 says what numbers it is like."""
        length = (value + 1).bit_length() - 1
        self.bits(field << 16, length, 5)
        context, node = field << 16 | 0x8000 | length << 8, 1
        for place in range(length - 1, -1, -1):
            bit = value + 1 >> place & 1
            self.bit(context | (node if node < 128 else 128 + place), bit)
            node = node * 2 + bit

    def text(self, text):
        before = 0
        for char in text.encode("ascii", "replace") + b"\0":
            self.bits(TEXT | before << 8, char, 7)
            before = (before << 8 | char) & 0x7FFF

    def finish(self):
        return bytes(self.data) + self.high.to_bytes(4, "big")
