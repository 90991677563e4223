#!/bin/sh
# The library exports our names only: the server loads it with its symbols visible to every other
# library, so a common name would meet a stranger.

if [ ! -f fulfillment.so ]
then
	echo "skip: fulfillment.so is not built"
	exit
fi
nm -D --defined-only fulfillment.so | awk '
	$3 !~ /^(ff_|fulfillment_|pg_finfo_fulfillment_|_PG_|Pg_magic)/ {
		print "fulfillment.so:1: exports " $3
		bad = 1
	}
	END { exit bad }'
