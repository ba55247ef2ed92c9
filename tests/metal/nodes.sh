#!/bin/sh
# nodes.sh FILE...: who gets what memory on machines with nodes of every kind, as the boot's own report says it.
. tests/metal/boot.sh
elf=$(one_of .elf "$@")

# divided COMMAND-LINE REPORT QEMU-ARGUMENT...: boots and compares the lines of the report that are about nodes and
# shares. How much lies in no whole large page depends on the size of the image, and is left out.
divided() {
  append=$1
  wanted=$2
  shift 2
  boot 0 "Hello" "$elf" -append "$append" "$@"
  got=$(printf '%s\n' "$output" | tr -d '\r' |
    sed -n -E -e 's/^(toro: not given:) [0-9]+ KiB/\1 N KiB/' \
      -e '/^toro: (no nodes|node |in no node|CPU [0-9]+, |not given)/p')
  if [ "$got" != "$wanted" ]; then
    printf 'FAILED: %s: the report is\n%s\ninstead of\n%s\n' "$*" "$got" "$wanted"
    failed=1
  fi
}

# node NUMBER MIB [CPUS]: the words for QEMU, appended to `machine`. 0 MiB: no memory.
node() {
  if [ "$2" -gt 0 ]; then
    machine="$machine -object memory-backend-ram,id=m$1,size=$2M -numa node,nodeid=$1,memdev=m$1${3:+,cpus=$3}"
  else
    machine="$machine -numa node,nodeid=$1${3:+,cpus=$3}"
  fi
}
distance() { machine="$machine -numa dist,src=$1,dst=$2,val=$3"; }

# shellcheck disable=SC2086 # $machine is words
{
  divided report "toro: no nodes: the CPUs have equal shares of all memory
toro: CPU 0, APIC id 0: 42 MiB
toro: CPU 1, APIC id 1: 42 MiB
toro: CPU 2, APIC id 2: 40 MiB
toro: not given: N KiB in no whole large page" -M q35 -smp 3 -m 128

  machine="-M q35 -smp 2 -m 128"
  node 0 128 0-1
  divided report "toro: node 0: CPUs 0-1, 124 MiB, distances 10
toro: CPU 0, APIC id 0: 62 MiB of node 0
toro: CPU 1, APIC id 1: 62 MiB of node 0
toro: not given: N KiB in no whole large page" $machine

  machine="-M q35 -smp 4 -m 256"
  node 0 128 0,cpus=2
  node 1 128 1,cpus=3
  distance 0 1 21
  divided report "toro: node 0: CPUs 0 2, 126 MiB, distances 10 21
toro: node 1: CPUs 1 3, 126 MiB, distances 21 10
toro: CPU 0, APIC id 0: 64 MiB of node 0
toro: CPU 1, APIC id 1: 64 MiB of node 1
toro: CPU 2, APIC id 2: 62 MiB of node 0
toro: CPU 3, APIC id 3: 62 MiB of node 1
toro: not given: N KiB in no whole large page" $machine
  divided "numa=off report" "toro: no nodes: the CPUs have equal shares of all memory
toro: CPU 0, APIC id 0: 64 MiB
toro: CPU 1, APIC id 1: 64 MiB
toro: CPU 2, APIC id 2: 62 MiB
toro: CPU 3, APIC id 3: 62 MiB
toro: not given: N KiB in no whole large page" $machine
  # CPUs that are not used leave a node without CPUs behind.
  divided "cpus=1 report" "toro: node 0: CPU 0, 126 MiB, distances 10 21
toro: node 1: no CPU, 126 MiB, distances 21 10
toro: CPU 0, APIC id 0: 126 MiB of node 0, 126 MiB of node 1 at distance 21
toro: not given: N KiB in no whole large page" $machine

  # Four nodes of different sizes and CPUs: a square, whose diagonals are long.
  machine="-M pc -smp 5 -m 288"
  node 0 64 0-1
  node 1 96 2
  node 2 32 3
  node 3 96 4
  for side in "0 1" "1 2" "2 3" "0 3"; do distance $side 20; done
  for diagonal in "0 2" "1 3"; do distance $diagonal 30; done
  divided report "toro: node 0: CPUs 0-1, 62 MiB, distances 10 20 30 20
toro: node 1: CPU 2, 96 MiB, distances 20 10 20 30
toro: node 2: CPU 3, 32 MiB, distances 30 20 10 20
toro: node 3: CPU 4, 94 MiB, distances 20 30 20 10
toro: CPU 0, APIC id 0: 32 MiB of node 0
toro: CPU 1, APIC id 1: 30 MiB of node 0
toro: CPU 2, APIC id 2: 96 MiB of node 1
toro: CPU 3, APIC id 3: 32 MiB of node 2
toro: CPU 4, APIC id 4: 94 MiB of node 3
toro: not given: N KiB in no whole large page" $machine

  # A node without memory: its CPU shares with the nearest node.
  machine="-M q35 -smp 3 -m 256"
  node 0 128 0
  node 1 0 1
  node 2 128 2
  distance 0 1 30
  distance 1 2 20
  distance 0 2 20
  divided report "toro: node 0: CPU 0, 126 MiB, distances 10 30 20
toro: node 1: CPU 1, no memory, distances 30 10 20
toro: node 2: CPU 2, 126 MiB, distances 20 20 10
toro: CPU 0, APIC id 0: 126 MiB of node 0
toro: CPU 1, APIC id 1: 64 MiB of node 2 at distance 20
toro: CPU 2, APIC id 2: 62 MiB of node 2
toro: not given: N KiB in no whole large page" $machine

  # A node without CPUs: its memory goes to the nearest node's.
  machine="-M q35 -smp 3 -m 320"
  node 0 128 0
  node 1 128 1-2
  node 2 64
  distance 0 1 20
  distance 0 2 30
  distance 1 2 15
  divided report "toro: node 0: CPU 0, 126 MiB, distances 10 20 30
toro: node 1: CPUs 1-2, 128 MiB, distances 20 10 15
toro: node 2: no CPU, 62 MiB, distances 30 15 10
toro: CPU 0, APIC id 0: 126 MiB of node 0
toro: CPU 1, APIC id 1: 64 MiB of node 1, 32 MiB of node 2 at distance 15
toro: CPU 2, APIC id 2: 64 MiB of node 1, 30 MiB of node 2 at distance 15
toro: not given: N KiB in no whole large page" $machine

  # A node with less than 2 MiB per CPU is joined with the nearest; its CPUs have its memory first.
  machine="-M q35 -smp 4 -m 132"
  node 0 128 0
  node 1 4 1-3
  divided report "toro: node 0: CPU 0, 126 MiB, distances 10 20
toro: node 1: CPUs 1-3, 2 MiB, distances 20 10
toro: CPU 0, APIC id 0: 32 MiB of node 0
toro: CPU 1, APIC id 1: 2 MiB of node 1, 30 MiB of node 0 at distance 20
toro: CPU 2, APIC id 2: 32 MiB of node 0 at distance 20
toro: CPU 3, APIC id 3: 32 MiB of node 0 at distance 20
toro: not given: N KiB in no whole large page" $machine

  # A hole inside of a node, and memory above 4 GiB: 3 GiB below it, the rest above, on pc; node 0 has 3.5 GiB.
  machine="-M pc,max-ram-below-4g=3G -smp 3 -m 5120"
  node 0 3584 0-1
  node 1 1536 2
  divided report "toro: node 0: CPUs 0-1, 3580 MiB, distances 10 20
toro: node 1: CPU 2, 1536 MiB, distances 20 10
toro: CPU 0, APIC id 0: 1790 MiB of node 0
toro: CPU 1, APIC id 1: 1790 MiB of node 0
toro: CPU 2, APIC id 2: 1536 MiB of node 1
toro: not given: N KiB in no whole large page" $machine
}

# Tables that QEMU does not make: made here, and handed to the firmware.
tables=$TEST_TMPDIR
python3 - "$tables" <<'PYTHON'
import struct
import sys

folder, MIB = sys.argv[1], 1 << 20


def cpu(domain, apic_id):
    return struct.pack("<BBHIIIII", 2, 24, 0, domain, apic_id, 1, 0, 0)


def memory(domain, begin, size):
    return struct.pack("<BBIHQQIIQ", 1, 40, domain, 0, begin, size, 0, 1, 0)


def write(name, body):
    with open("%s/%s" % (folder, name), "wb") as file:
        file.write(body)


HEAD = struct.pack("<IQ", 1, 0)
whole = HEAD + cpu(3, 0) + cpu(70, 1) + memory(3, 0, 64 * MIB) + memory(70, 64 * MIB, 64 * MIB)
write("sparse", whole)
write("incomplete", HEAD + cpu(0, 0) + cpu(1, 1) + memory(0, 0, 64 * MIB) + memory(1, 64 * MIB, 32 * MIB))
write("truncated", whole[:-1])
write("endless", HEAD + bytes(64))
write("overlapping", HEAD + cpu(0, 0) + memory(0, 0, 64 * MIB) + memory(1, 63 * MIB, 64 * MIB))
write("twice", HEAD + cpu(0, 1) + cpu(1, 1))
write("short_slit", struct.pack("<Q", 3) + bytes([10, 20, 20, 10]))
PYTHON
q35="-M q35 -m 128"
srat="sig=SRAT,rev=3,data=$tables"

# shellcheck disable=SC2086 # $q35 is words
{
  # Domains 3 and 70 are nodes 0 and 1; without a SLIT they are 20 from each other.
  divided report "toro: node 0: CPU 0, 62 MiB, distances 10 20
toro: node 1: CPU 1, 62 MiB, distances 20 10
toro: CPU 0, APIC id 0: 62 MiB of node 0
toro: CPU 1, APIC id 1: 62 MiB of node 1
toro: not given: N KiB in no whole large page" $q35 -smp 2 -acpitable "$srat/sparse"

  # CPU 2 and the last 32 MiB are in no node: the CPU gets that memory.
  divided report "toro: node 0: CPU 0, 62 MiB, distances 10 20
toro: node 1: CPU 1, 32 MiB, distances 20 10
toro: in no node: CPU 2, 30 MiB
toro: CPU 0, APIC id 0: 62 MiB of node 0
toro: CPU 1, APIC id 1: 32 MiB of node 1
toro: CPU 2, APIC id 2: 30 MiB of no node
toro: not given: N KiB in no whole large page" $q35 -smp 3 -acpitable "$srat/incomplete"

  # Without such a CPU, all CPUs get equal parts of it.
  divided report "toro: node 0: CPU 0, 62 MiB, distances 10 20
toro: node 1: CPU 1, 32 MiB, distances 20 10
toro: in no node: no CPU, 30 MiB
toro: CPU 0, APIC id 0: 62 MiB of node 0, 14 MiB of no node
toro: CPU 1, APIC id 1: 32 MiB of node 1, 16 MiB of no node
toro: not given: N KiB in no whole large page" $q35 -smp 2 -acpitable "$srat/incomplete"

  boot 1 "an entry of the ACPI table of affinities (SRAT) is truncated" "$elf" $q35 -acpitable "$srat/truncated"
  boot 1 "shorter than its kind, or has no length" "$elf" $q35 -acpitable "$srat/endless"
  boot 1 "puts the same memory into two nodes" "$elf" $q35 -acpitable "$srat/overlapping"
  boot 1 "puts one CPU into two nodes" "$elf" $q35 -smp 2 -acpitable "$srat/twice"
  boot 1 "boot with numa=off to give the CPUs equal shares" "$elf" $q35 -acpitable "$srat/twice" -smp 2
  boot 0 "Hello" "$elf" $q35 -acpitable "$srat/endless" -append "numa=off"
  boot 1 "the ACPI table of distances (SLIT) is truncated" "$elf" $q35 -smp 2 -acpitable "$srat/sparse" \
    -acpitable "sig=SLIT,data=$tables/short_slit"
  boot 1 "numa= takes only off, not 'numa=on'" "$elf" $q35 -append "numa=on"
}
finish
