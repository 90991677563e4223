# fulfillment: order fulfillment inside PostgreSQL.
#
#   make, make install, make installcheck    the conventional way (PGXS)
#   make check                               everything from zero, then every test
#   make demo                                the main job on a throw-away cluster
#   make bench, make lint, make format
#
# The version is read from fulfillment.control and stands nowhere else.

EXTENSION = fulfillment
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" fulfillment.control)
MODULE_big = fulfillment
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
DATA_built = extension/fulfillment--$(EXTVERSION).sql
REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
PG_CPPFLAGS = -Isrc -DFF_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers \
	-Wno-declaration-after-statement -MMD -MP
SHLIB_LINK = -lcurl -lcrypto
PARTS := $(shell sed -e 's/\#.*//' -e '/^[[:space:]]*$$/d' extension/parts.list)
EXTRA_CLEAN = $(DATA_built) build $(wildcard src/*.d src/*/*.d)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

-include $(wildcard src/*.d src/*/*.d)

extension/fulfillment--$(EXTVERSION).sql: extension/parts.list $(addprefix extension/,$(PARTS))
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION fulfillment" to load this file. \quit'; \
	   cat $(addprefix extension/,$(PARTS)); } > $@

CLANG_FORMAT ?= clang-format

# Every C file of the checkout, written or new.
.PHONY: format
format:
	find src tests -name '*.[ch]' -not -path '*/tmp_check/*' -exec $(CLANG_FORMAT) -i {} +
