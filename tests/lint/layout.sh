#!/bin/sh
# C is laid out as "make format" does it.

clang_format=${CLANG_FORMAT:-clang-format}
if ! "$clang_format" --version 2>/dev/null | grep -q 'version 14\.'
then
	echo "skip: clang-format 14 is not installed"
	exit
fi
find src tests -name '*.[ch]' -exec "$clang_format" --dry-run -Werror {} + 2>&1 |
	sed -n "s/^\([^:]*:[0-9]*\):[0-9]*: error.*/\1: not as \"make format\" lays it out/p" |
	sort -u | awk '{ print; bad = 1 } END { exit bad }'
