#!/bin/sh
# Runs every contender of the suite with a few operations; fails when a result is wrong.
exec "$1" --smoke
