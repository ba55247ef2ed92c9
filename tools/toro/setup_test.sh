#!/bin/sh
# ./toro finds what is missing, installs exactly that, and says what it cannot do. dpkg-query, apt-get, sudo and id are
# stand-ins in a folder of this test; nothing is installed.
set -eu

toro=$PWD/toro
folder=$(mktemp -d "${TEST_TMPDIR:-/tmp}/setup.XXXXXX")
mkdir "$folder/bin"
failures=0

stand_in() { # stand_in NAME SCRIPT
  printf '#!/bin/sh\n%s\n' "$2" >"$folder/bin/$1"
  chmod +x "$folder/bin/$1"
}

# Only the programs that a minimal Debian has, and the stand-ins.
for program in sh cat sed tr dirname readlink mktemp rm env; do
  ln -s "$(command -v $program)" "$folder/bin/$program"
done
stand_in id 'echo $FAKE_UID'
stand_in dpkg-query 'for word; do case $word in g++ | musl-dev | -*) ;; [a-z]*) echo "$word installed" ;; esac; done'
stand_in python3 'echo "python3 runs: $*"'

run() { # run UID WORDS...: output goes to $folder/output
  user=$1
  shift
  status=0
  FAKE_UID=$user PATH=$folder/bin sh "$toro" "$@" >"$folder/output" 2>&1 || status=$?
}

expect() { # expect NAME STATUS TEXT...
  name=$1
  [ "$status" = "$2" ] || { echo "$name: status $status, expected $2" && failures=$((failures + 1)); }
  shift 2
  for text; do
    grep -qF -- "$text" "$folder/output" || {
      echo "$name: no '$text' in:" && cat "$folder/output"
      failures=$((failures + 1))
    }
  done
}

run 0 --help
expect "help needs nothing installed" 0 "Usage: ./toro COMMAND"
run 0 run --help
expect "help of a command" 0 "Usage: ./toro run APP"
run 0 frobnicate
expect "unknown command" 2 "no such command: frobnicate" "remedy"

stand_in apt-get 'echo "apt-get $*" >>'"$folder"'/calls'
run 0 run x
expect "root installs what is missing" 0 "installing 2 packages: g++ musl-dev" "python3 runs:"
grep -q "install -y --no-install-recommends g++ musl-dev" "$folder/calls" || {
  echo "apt-get was called wrongly"
  failures=1
}

: >"$folder/calls"
run 1000 run x
expect "user without sudo" 125 "there is no sudo here" "apt-get install --no-install-recommends g++ musl-dev"
[ ! -s "$folder/calls" ] || { echo "apt-get was called without root" && failures=1; }

stand_in sudo 'echo "by sudo: $*"; exec "$@"'
run 1000 run x
expect "user with sudo" 0 "sudo may ask for your password" "python3 runs:"

stand_in apt-get 'echo "E: no network"; exit 100'
run 0 run x
expect "apt-get that fails" 125 "E: no network" "apt-get update failed" "remedy"

stand_in dpkg-query 'for word; do case $word in [a-z]*) echo "$word installed" ;; esac; done'
run 1000 run x
expect "nothing is missing" 0 "python3 runs:"
grep -q installing "$folder/output" && echo "installed what was there" && failures=1

rm "$folder/bin/dpkg-query"
run 0 run x
expect "no Debian" 125 "not a Debian system" "remedy"

exit "$failures"
