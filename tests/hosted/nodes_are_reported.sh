#!/bin/sh
# nodes_are_reported.sh HELLO: who gets what memory on machines made up with --nodes and --distances, as --report says.
set -u
hello=$1
failed=0

expect() { # REPORT OPTION...
  wanted=$1
  shift
  got=$("$hello" --report "$@" 2>&1 >"$TEST_TMPDIR/output")
  status=$?
  if [ "$status" -ne 0 ] || [ "$got" != "$wanted" ] || ! grep -q "Hello" "$TEST_TMPDIR/output"; then
    printf 'FAILED: %s: status %s, the report is\n%s\ninstead of\n%s\n' "$*" "$status" "$got" "$wanted"
    failed=1
  else
    printf 'ok: %s\n' "$*"
  fi
}

expect "toro: no nodes: the CPUs have equal shares of all memory
toro: CPU 0: 44 MiB
toro: CPU 1: 42 MiB
toro: CPU 2: 42 MiB
toro: not given: 0 KiB in no whole large page" --cpus=3

expect "toro: node 0: CPUs 0-2, 66 MiB, distances 10 20
toro: node 1: CPUs 3-4, 64 MiB, distances 20 10
toro: CPU 0: 22 MiB of node 0
toro: CPU 1: 22 MiB of node 0
toro: CPU 2: 22 MiB of node 0
toro: CPU 3: 32 MiB of node 1
toro: CPU 4: 32 MiB of node 1
toro: not given: 0 KiB in no whole large page" --nodes=2 --cpus=5 --memory=130

for order in "" "--seed=3"; do
  # shellcheck disable=SC2086 # no word or one
  expect "toro: node 0: CPUs 0-1, 64 MiB, distances 10 20 30 15
toro: node 1: CPU 2, 32 MiB, distances 20 10 12 40
toro: node 2: CPU 3, no memory, distances 30 12 10 50
toro: node 3: no CPU, 48 MiB, distances 15 40 50 10
toro: CPU 0: 32 MiB of node 0, 24 MiB of node 3 at distance 15
toro: CPU 1: 32 MiB of node 0, 24 MiB of node 3 at distance 15
toro: CPU 2: 16 MiB of node 1
toro: CPU 3: 16 MiB of node 1 at distance 12
toro: not given: 0 KiB in no whole large page" \
    --nodes=64:2,32:1,0:1,48:0 --distances=10,20,30,15/20,10,12,40/30,12,10,50/15,40,50,10 $order
done

# A node that is too poor, and one whose last megabyte begins a large page of the next.
expect "toro: node 0: CPUs 0-2, 4 MiB, distances 10 20
toro: node 1: CPU 3, 60 MiB, distances 20 10
toro: CPU 0: 2 MiB of node 0, 14 MiB of node 1 at distance 20
toro: CPU 1: 2 MiB of node 0, 14 MiB of node 1 at distance 20
toro: CPU 2: 16 MiB of node 1 at distance 20
toro: CPU 3: 16 MiB of node 1
toro: not given: 0 KiB in no whole large page" --nodes=3:3,61:1

exit "$failed"
