"""hellohttp.py PROGRAM: the stack of the hosted world answers this host, through the e1000 driver and libslirp.

Linux's TCP is the peer: 40 requests, eight at a time, one of them byte by byte, one that is never finished, one too
large; each answer is compared to the last byte, and the program ends by itself after the last.
"""

import concurrent.futures
import socket
import subprocess
import sys

REQUEST = b"GET / HTTP/1.1\r\nHost: toro\r\n\r\n"
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 16\r\nConnection: close\r\n\r\n"
          b"Hello from Toro\n")
TOO_LARGE = b"HTTP/1.1 431 "
REQUESTS = 40
TIMEOUT_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, pieces):
    """What the server says until it closes."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def main():
    port = free_port()
    words = [sys.argv[1], "--forward=%d:80" % port, "--", "10.0.2.15", str(REQUESTS + 2)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        try:
            first = program.stdout.readline()
            assert first == "hellohttp: serves port 80\n", first
            unfinished = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
            unfinished.sendall(REQUEST[:-1])
            assert ask(port, [b"GET / HTTP/1.1\r\nA: " + b"a" * 9000]).startswith(TOO_LARGE)
            requests = [[REQUEST]] * (REQUESTS - 1) + [[bytes([byte]) for byte in REQUEST]]
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for answer in pool.map(lambda pieces: ask(port, pieces), requests):
                    assert answer == ANSWER, answer
            unfinished.close()
            rest = program.stdout.read()
            assert rest.startswith("hellohttp: "), rest
            assert program.wait(TIMEOUT_S) == 0
        finally:
            program.kill()
    print("ok")


main()
