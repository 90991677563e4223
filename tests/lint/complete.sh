#!/bin/sh
# Every test is run: each has its partner, its name is one that the suite looks for, and the suite
# is what continuous integration calls.

status=0
complain()
{
	echo "$*"
	status=1
}
pairs()
{
	for test in "$1"/*"$2"
	do
		[ -f "$test" ] || continue
		name=$(basename "$test" "$2")
		[ -f "$3/$name.out" ] || complain "$test:1: has no $3/$name.out"
	done
	for result in "$3"/*.out
	do
		[ -f "$result" ] || continue
		name=$(basename "$result" .out)
		[ -f "$1/$name$2" ] || [ -f "$1/${name%_[0-9]}$2" ] ||
			complain "$result:1: has no $1/$name$2"
	done
}

pairs sql .sql expected
pairs tests/isolation/specs .spec tests/isolation/expected
for file in tests/lint/* tests/groups/*
do
	[ -e "$file" ] || continue
	case $file in
		*.pm) ;;
		tests/lint/run | tests/lint/*.sh | tests/lint/*.pl | tests/groups/*)
			[ -x "$file" ] || complain "$file:1: is not executable, so it is not run" ;;
		*) complain "$file:1: is neither a rule (.sh, .pl) nor a library (.pm)" ;;
	esac
done
for file in tests/tap/*
do
	[ -e "$file" ] || continue
	case $file in
		tests/tap/lib | tests/tap/[0-9][0-9][0-9]_*.pl) ;;
		*) complain "$file:1: is not named NNN_NAME.pl, so it is not run" ;;
	esac
done
for file in tests/demo tests/bench
do
	[ ! -d "$file" ] || [ -x "$file/run" ] || complain "$file/run:1: is not there or not executable"
done
grep -qx 'exec make --no-print-directory check < /dev/null' .ci/run ||
	complain ".ci/run:1: does not call make check"
exit $status
