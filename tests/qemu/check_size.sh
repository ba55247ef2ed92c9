#!/bin/bash
# check_size.sh FILE... LIMIT: fails if the image (the .elf of FILE... that is not .debug.elf) has LIMIT bytes or more.
set -u
limit=${!#}
for file in "${@:1:$#-1}"; do
  case $file in
    *.debug.elf | *.map) continue ;;
  esac
  bytes=$(stat -L -c %s "$file") || exit 2
  echo "$file: $bytes bytes, limit $limit"
  if ((bytes >= limit)); then
    echo "FAILED: too large; \`./toro size APP\` prints what takes the space" >&2
    exit 1
  fi
  exit 0
done
echo "check_size.sh: no image among: $*" >&2
exit 2
