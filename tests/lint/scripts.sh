#!/bin/sh
# Shell and Perl files are free of mistakes that can be seen without running them, and begin with
# an explanation.

status=0
for file in $(find tests extension .ci -type f -not -path '*/tmp_check/*' -perm -u+x) \
	$(find tests -name '*.p[lm]')
do
	case $(head -1 "$file") in
		'#!/bin/sh'*) sh -n "$file" || status=1 ;;
		'#!/usr/bin/perl'*) perl -I tests/lint -c "$file" 2>&1 | grep -v 'syntax OK$' && status=1 ;;
	esac
done
for file in $(find tests extension .ci -type f -not -path '*/tmp_check/*' -perm -u+x)
do
	# what a build left is no script
	[ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] || continue
	head -4 "$file" | tail -n +2 | grep -q '^# [A-Z]' ||
		{ echo "$file:2: says nothing about itself"; status=1; }
done
exit $status
