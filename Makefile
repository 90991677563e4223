# fulfillment: order fulfillment inside PostgreSQL.
#
#   make, make install, make installcheck    the conventional way (PGXS)
#   make demo           installs what is missing, builds, and runs the main job on a throw-away
#                       cluster
#   make check          everything from zero, then every test; ONLY='regress tests/tap/001*' picks
#   make check-fast     lints, regression and isolation tests, built on what the last run left
#   make check-sanitize all that runs in a server, memory errors and undefined behaviour being caught
#   make fuzz           looks for inputs that break something, SECONDS=600 for each of TARGETS
#   make unit           the tests of plain C, which need no server
#   make lint           the rules of tests/lint
#   make bench          the measurements of tests/bench
#   make docs           docs/connectors.md, from what the connectors say of themselves
#   make format         the layout of .clang-format
#
# The version is read from fulfillment.control and stands nowhere else.

# PGXS has a target "check" of its own, which only says that there is none; so ours stand apart.
OWN_GOALS = demo check check-fast check-sanitize fuzz unit lint bench docs format
.PHONY: $(OWN_GOALS)

ifneq (,$(filter $(OWN_GOALS),$(MAKECMDGOALS)))

check:
	@tests/tools/in-copy tests/tools/run-suite $(ONLY)

check-fast:
	@tests/tools/in-copy --again tests/tools/run-suite build lint regress isolation $(ONLY)

check-sanitize:
	@FULFILLMENT_SANITIZE=yes CC='gcc -fsanitize=address,undefined -fno-sanitize-recover' \
		tests/tools/in-copy tests/tools/run-suite build \
		$(or $(ONLY),unit fuzz regress isolation tests/tap/*.pl)

fuzz:
	@tests/tools/in-copy --again tests/fuzz/run $(or $(SECONDS),600) $(TARGETS)

demo:
	@tests/tools/in-copy sh -c 'tests/tools/build && exec tests/demo/run'

# ROUTING_WORKLOAD=DIR says where the routing workload is; without it that part is skipped.
bench:
	@tests/tools/in-copy sh -c 'tests/tools/build && exec tests/bench/run'

docs:
	@tests/tools/in-copy --again sh -c 'tests/tools/build >&2 && exec tests/tools/connectors-page' \
		> docs/connectors.new && mv docs/connectors.new docs/connectors.md

unit:
	@tests/groups/unit

lint:
	@tests/lint/run

CLANG_FORMAT ?= clang-format
format:
	find src tests -name '*.[ch]' -exec $(CLANG_FORMAT) -i {} +

# "make install check": the other goals are PGXS's.
.DEFAULT:
	@$(MAKE) $@

else

EXTENSION = fulfillment
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" fulfillment.control)
MODULE_big = fulfillment
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
OLD_VERSIONS = $(sort $(patsubst extension/upgrade/%,%, \
	$(foreach step,$(wildcard extension/upgrade/*.sql),$(firstword $(subst --, ,$(step))))))
DATA_built = extension/fulfillment--$(EXTVERSION).sql \
	$(OLD_VERSIONS:%=extension/fulfillment--%--$(EXTVERSION).sql)
PG_CPPFLAGS = -Isrc $(shell xml2-config --cflags) -DFF_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers \
	-Wno-declaration-after-statement -MMD -MP
SHLIB_LINK = -lcurl -lcrypto -lxml2 -lz
EXTRA_CLEAN = $(wildcard extension/fulfillment--*.sql src/*.d src/*/*.d) build results

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --load-extension=fulfillment
ISOLATION = $(patsubst tests/isolation/specs/%.spec,%, \
	$(sort $(wildcard tests/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=tests/isolation --load-extension=fulfillment

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

-include $(wildcard src/*.d src/*/*.d)

# The version is compiled in: with another one, what was built before does not know the extension.
$(OBJS): fulfillment.control

.DELETE_ON_ERROR:

extension/fulfillment--$(EXTVERSION).sql: extension/assemble extension/parts.list \
		$(wildcard extension/schema/*.sql extension/api/*.sql)
	extension/assemble > $@

extension/fulfillment--%--$(EXTVERSION).sql: extension/assemble extension/parts.list \
		$(wildcard extension/api/*.sql extension/upgrade/*.sql)
	extension/assemble $* > $@

endif
