#!/bin/sh
# The version is the control file's; META.json and CHANGELOG.md, which cannot read it, agree.

version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" fulfillment.control)
status=0
complain()
{
	echo "$*"
	status=1
}

[ -n "$version" ] || complain "fulfillment.control:1: has no default_version"
# PGXN wants three numbers.
case $version in
	*.*.*) full=$version ;;
	*) full=$version.0 ;;
esac
[ "$(grep -c "\"version\": \"$full\"" META.json)" = 2 ] ||
	complain "META.json:1: does not say version $full for the distribution and for the extension"
grep -q "^## $version" CHANGELOG.md || complain "CHANGELOG.md:1: has no heading \"## $version\""
exit $status
