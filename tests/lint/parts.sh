#!/bin/sh
# The list extension/parts.list names every file of schema/ and api/ once, and schema/ stands first: an
# upgrade runs all of api/ on tables that exist.

cd extension || exit 1
listed=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' parts.list)
status=0
complain()
{
	echo "extension/parts.list:1: $*"
	status=1
}

for part in $(ls schema/*.sql api/*.sql 2>/dev/null)
do
	case $(echo "$listed" | grep -cx "$part") in
		1) ;;
		0) complain "$part is not listed" ;;
		*) complain "$part is listed twice" ;;
	esac
done
api_seen=
for part in $listed
do
	[ -f "$part" ] || complain "$part does not exist"
	case $part in
		api/*) api_seen=$part ;;
		schema/*) [ -z "$api_seen" ] || complain "$part stands behind $api_seen" ;;
		*) complain "$part is neither in schema/ nor in api/" ;;
	esac
done
exit $status
