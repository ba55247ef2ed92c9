#!/bin/sh
# seeds.sh MIXED: the mixed workload under thousands of seeds, faults included, on machines of 1 to 32 CPUs.
set -eu
for cpus in 1 2 3 4 5 8; do
  "$1" --cpus=$cpus --seeds=1..400 --jobs=2 --faults=swarm -- 40
done
"$1" --cpus=32 --memory=512 --seeds=1..40 --jobs=2 --faults=swarm
