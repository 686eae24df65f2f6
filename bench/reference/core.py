"""Runs requests on the published core in this process and reports the time that each call took.

Started by the program beside it, which speaks to it over standard input and output in frames:

  in:   "open" with a ConnectionConfig, or the name of an RPC with one or more serialized requests
  out:  for each request its nanoseconds, its status code, and its reply or error text

Only the call into the core is timed: reading the frames, and Python's own messages, are not part of it. All requests of a
frame are read first and then run one after the other, as a program that uses the core would.
"""
import gc
import struct
import sys
import time

from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as core

stdin, stdout = sys.stdin.buffer, sys.stdout.buffer


def number():
    return struct.unpack("<I", stdin.read(4))[0]


def main():
    gc.disable()
    store, clock = None, time.perf_counter_ns
    while True:
        head = stdin.read(4)
        if len(head) < 4:
            return
        name = stdin.read(struct.unpack("<I", head)[0]).decode()
        requests = [stdin.read(number()) for _ in range(number())]
        answers = []
        if name == "open":
            store = None  # closes the one before
            store = core.CreateMetadataStore(requests[0], b"")
            answers.append((0, 0, b""))
        else:
            call = getattr(core, name)
            for request in requests:
                began = clock()
                reply, message, code = call(store, request)
                took = clock() - began
                answers.append((took, code, message if code else reply))
        gc.collect()  # before the answers: after them, the other side is measured
        for took, code, payload in answers:
            stdout.write(struct.pack("<QII", took, code, len(payload)))
            stdout.write(payload)
        stdout.flush()


if __name__ == "__main__":
    main()
