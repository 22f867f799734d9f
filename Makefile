# Rollcall. `make help` lists the targets; README.md says what they are for.
# BUILD=dir moves everything that is made, so two stacks run side by side. Lines that begin with two
# hashes are what `make help` prints.

BUILD ?= build
MODE  ?= release
PORT  ?= 8080
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
CC    ?= cc
WERROR ?= -Werror

O := $(BUILD)/$(MODE)
# Packages by purpose. Of a program that the host has in another package, nothing is installed.
absent = $(if $(wildcard $(addsuffix /$(1),/usr/bin /usr/sbin /usr/local/bin)),,$(2))
BUILD_PACKAGES := gcc make pkg-config libfcgi-dev libyajl-dev libmariadb-dev libcjose-dev libjansson-dev \
	libssl-dev libmaxminddb-dev python3-yaml
RUN_PACKAGES := $(call absent,mariadbd,mariadb-server) $(call absent,mariadb,mariadb-client) lighttpd spawn-fcgi curl
TEST_PACKAGES := libcmocka-dev libcurl4-openssl-dev clang-format apache2 libapache2-mod-fcgid \
	$(call absent,nginx,nginx-light) php-cli php-cgi prometheus $(call absent,npm,nodejs npm)
DEB_PACKAGES := build-essential dpkg-dev debhelper
INSTALL_PACKAGES = httpd-conf/demo/install-packages

MODES := release debug asan cov fuzz
ifeq ($(filter $(MODE),$(MODES)),)
$(error MODE is one of $(MODES))
endif

FLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK_release  := -pie -Wl,-z,relro,-z,now
FLAGS_debug   := -O0
FLAGS_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK_asan     := -fsanitize=address,undefined
FLAGS_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LINK_fuzz     := -fsanitize=address,undefined
FLAGS_cov     := -O0 --coverage
LINK_cov      := --coverage

PKG_APP  := fcgi yajl libmariadb cjose libcrypto libmaxminddb
PKG_TEST := cmocka libcurl
WARNINGS := -Wall -Wextra -Wpedantic $(WERROR) -Wshadow -Wvla -Wformat=2 -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wswitch-enum
ALL_CFLAGS = -std=c11 -D_DEFAULT_SOURCE -g $(WARNINGS) $(FLAGS_$(MODE)) -Iinclude -Itests \
	$(shell pkg-config --cflags $(PKG_APP) 2>/dev/null) \
	$(shell pkg-config --cflags $(PKG_TEST) 2>/dev/null) \
	-DSCHEMA_DIR=\"$(PREFIX)/share/rollcall/schema\" \
	-DCONFIG_FILE=\"$(SYSCONFDIR)/rollcall/rollcall.conf\" $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_$(MODE)) $(LDFLAGS)
LIBS      = $(shell pkg-config --libs $(PKG_APP) 2>/dev/null) -lm
TEST_LIBS = $(shell pkg-config --libs $(PKG_TEST) 2>/dev/null)
ALL_CFLAGS := $(ALL_CFLAGS)
LIBS       := $(LIBS)
TEST_LIBS  := $(TEST_LIBS)

# Rooms. A program is a main.c of its room; everything else is one archive.
MAINS   := src/server/main.c src/admin/main.c src/demo/main.c
SOURCES := $(filter-out $(MAINS),$(wildcard src/*/*.c))
OBJECTS := $(SOURCES:%.c=$(O)/%.o) $(O)/openapi_json.o $(O)/version.o
ARCHIVE := $(O)/rollcall.a
PROGRAMS := $(O)/rollcall.fcgi $(O)/rollcall-admin $(O)/rollcall-demo

TEST_HELP := $(patsubst %.c,$(O)/%.o,$(wildcard tests/lib/*.c))
UNIT := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
DB_TESTS := $(patsubst %.c,$(O)/%,$(wildcard tests/db/test_*.c))
E2E := $(patsubst %.c,$(O)/%,$(wildcard tests/e2e/test_*.c)) $(wildcard tests/e2e/test_*.sh)
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

# V=1 shows whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$(2)')

## all             build the programs and the demonstration (the default)
## programs        build what is installed: rollcall.fcgi and rollcall-admin
.PHONY: all programs help
all: $(PROGRAMS)
programs: $(O)/rollcall.fcgi $(O)/rollcall-admin

## help            this list
help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))

$(O)/rollcall.fcgi: $(O)/src/server/main.o $(ARCHIVE)
$(O)/rollcall-admin: $(O)/src/admin/main.o $(ARCHIVE)
$(O)/rollcall-demo: $(O)/src/demo/main.o $(ARCHIVE)
$(PROGRAMS):
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(ARCHIVE): $(OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(O)/tests/%: $(O)/tests/%.o $(TEST_HELP) $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(TEST_LIBS)

# A fuzz target has libFuzzer's main in MODE=fuzz, and one that replays files otherwise.
FUZZ_MAIN := $(if $(filter fuzz,$(MODE)),,$(O)/tests/fuzz/replay.o)
$(O)/tests/fuzz/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(FUZZ_MAIN) $(TEST_HELP) $(ARCHIVE)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) -o $@ $^ $(LIBS) $(TEST_LIBS)

# cmocka hands a state to every test, whether it has one or not.
file_flags = $(if $(filter tests/%,$<),-Wno-unused-parameter)

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(file_flags) -MMD -MP -c -o $@ $<

# schema/openapi.yaml is served by the program: a C file is made of it.
$(O)/openapi_json.c: schema/openapi.yaml schema/openapi-to-c
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)schema/openapi-to-c $< >$@.new && mv $@.new $@

$(O)/openapi_json.o: $(O)/openapi_json.c $(O)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# The version: the release, and in a checkout the number of commits and the commit. A package of a
# changed tree adds the time, so that it is higher than the one before.
RELEASE := $(shell sed -n 's/.*ROLLCALL_RELEASE "\(.*\)"/\1/p' include/server/version.h)
GIT := git -c safe.directory='*'
BUILD_VERSION ?= $(RELEASE)$(shell [ "$$($(GIT) rev-parse --show-prefix --is-shallow-repository 2>&1 | tr '\n' ' ')" = ' false ' ] && \
	printf '+git%s.%s' "$$($(GIT) rev-list --count HEAD)" "$$($(GIT) rev-parse --short HEAD)")
BUILD_VERSION := $(BUILD_VERSION)
$(O)/version.c: FORCE
	@mkdir -p $(@D)
	@printf '#include "server/version.h"\nconst char rollcall_version[] = "%s";\n' '$(BUILD_VERSION)' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(O)/version.o: $(O)/version.c $(O)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Changed flags or compiler rebuild everything; the same ones do not.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: FORCE
FORCE:

-include $(shell find $(O) -name '*.d' 2>/dev/null)
.SECONDARY:

# Installation. Configuration files that are there already stay as they are. What changes the host
# (the user, the files' group) is left to the package's postinst, and to README.
## install         copy programs, man pages, units and configuration (PREFIX, SYSCONFDIR, DESTDIR)
## uninstall       remove what install has copied, but for the configuration
## deb             build a Debian package in BUILD/deb
INSTALLED := $(DESTDIR)$(PREFIX)
CONFIG := $(DESTDIR)$(SYSCONFDIR)/rollcall
PLACES := s|/usr/\(local/\)*bin|$(PREFIX)/bin|g; s|/etc/rollcall|$(SYSCONFDIR)/rollcall|g
UNITS := rollcall.socket rollcall.service rollcall-authorizer.socket rollcall-authorizer.service
.PHONY: install uninstall deb
install: programs
	install -d '$(INSTALLED)/bin' '$(INSTALLED)/share/rollcall/schema' \
		'$(INSTALLED)/share/doc/rollcall' '$(INSTALLED)/share/man/man8' \
		'$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(SYSUSERSDIR)'
	test -d '$(CONFIG)' || install -d -m 750 '$(CONFIG)'
	install -m 755 $(O)/rollcall.fcgi $(O)/rollcall-admin '$(INSTALLED)/bin'
	install -m 644 schema/*.sql schema/openapi.yaml '$(INSTALLED)/share/rollcall/schema'
	for page in httpd-conf/man/*.8; do \
		sed '$(PLACES)' $$page > '$(INSTALLED)/share/man/man8/'$${page##*/} || exit 1; done
	install -m 644 README.md LICENSE '$(INSTALLED)/share/doc/rollcall'
	for d in apache lighttpd nginx php; do \
		install -d '$(INSTALLED)/share/doc/rollcall/'$$d && \
		cp -R httpd-conf/$$d/. '$(INSTALLED)/share/doc/rollcall/'$$d || exit 1; done
	find '$(INSTALLED)/share/doc/rollcall' -name '*.conf' -exec sed -i '$(PLACES)' {} +
	install -m 644 httpd-conf/systemd/rollcall.sysusers '$(DESTDIR)$(SYSUSERSDIR)/rollcall.conf'
	for unit in $(UNITS); do \
		sed '$(PLACES)' httpd-conf/systemd/$$unit > '$(DESTDIR)$(UNITDIR)/'$$unit || exit 1; done
	for conf in rollcall.conf authorizer.conf my.cnf; do \
		test -e '$(CONFIG)/'$$conf || { install -m 640 /dev/null '$(CONFIG)/'$$conf && \
		sed '$(PLACES)' httpd-conf/systemd/$$conf > '$(CONFIG)/'$$conf; } || exit 1; done

uninstall:
	rm -f '$(INSTALLED)/bin/rollcall.fcgi' '$(INSTALLED)/bin/rollcall-admin' \
		'$(INSTALLED)'/share/man/man8/rollcall*.8 $(UNITS:%='$(DESTDIR)$(UNITDIR)'/%) \
		'$(DESTDIR)$(SYSUSERSDIR)/rollcall.conf'
	rm -rf '$(INSTALLED)/share/rollcall' '$(INSTALLED)/share/doc/rollcall'
	@echo 'kept: $(CONFIG)'

# A Debian package in $(BUILD)/deb, built from a copy of the tree as dpkg-buildpackage wants it.
deb: DEB_VERSION = $(BUILD_VERSION)$(shell [ -z "$$($(GIT) status --porcelain 2>/dev/null)" ] || date -u +.%Y%m%d%H%M%S)
deb:
	@$(INSTALL_PACKAGES) $(BUILD_PACKAGES) $(DEB_PACKAGES)
	rm -rf '$(BUILD)/deb' && mkdir -p '$(BUILD)/deb/rollcall'
	cp -R Makefile README.md LICENSE src include schema httpd-conf '$(BUILD)/deb/rollcall'
	cp -R httpd-conf/debian '$(BUILD)/deb/rollcall/debian'
	sed 's/@VERSION@/$(DEB_VERSION)/; s/@DATE@/'"$$(date -R)"'/' httpd-conf/debian/changelog.in \
		> '$(BUILD)/deb/rollcall/debian/changelog'
	cd '$(BUILD)/deb/rollcall' && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b
	@ls '$(BUILD)'/deb/rollcall_*.deb

# For hosts without root: programs, and the libraries they need, in one directory that may lie anywhere.
# Only the C library is the host's. RPATH rather than RUNPATH, so that it counts for libraries of
# libraries too.
## portable        one directory with the programs and their libraries in BUILD/portable
PORTABLE := $(BUILD)/portable/rollcall
OF_LIBC := (libc|libm|libdl|librt|libpthread|libresolv)\.so|ld-linux
portable_link = $(CC) $(ALL_LDFLAGS) -Wl,--disable-new-dtags,-rpath,'$$ORIGIN/lib' -o
.PHONY: portable portable-tree
portable:
	@$(INSTALL_PACKAGES) $(BUILD_PACKAGES)
	@$(MAKE) --no-print-directory portable-tree

portable-tree: programs
	@rm -rf '$(PORTABLE)' && mkdir -p '$(PORTABLE)/lib'
	@cp -R schema httpd-conf/apache/htaccess httpd-conf/php README.md LICENSE '$(PORTABLE)'
	@rm '$(PORTABLE)/schema/openapi-to-c'
	$(Q)$(portable_link) '$(PORTABLE)/rollcall.fcgi' $(O)/src/server/main.o $(ARCHIVE) $(LIBS)
	$(Q)$(portable_link) '$(PORTABLE)/rollcall-admin' $(O)/src/admin/main.o $(ARCHIVE) $(LIBS)
	@ldd '$(PORTABLE)/rollcall.fcgi' '$(PORTABLE)/rollcall-admin' | awk '$$3 ~ /^\// { print $$3 }' | sort -u | \
		grep -vE '/$(OF_LIBC)' | while read -r library; do cp -L "$$library" '$(PORTABLE)/lib' || exit 1; done
	@printf '%s: %s, for hosts with glibc %s or later\n' '$(PORTABLE)' \
		"$$(du -sh '$(PORTABLE)' | cut -f 1)" \
		"$$(cat '$(PORTABLE)'/rollcall* '$(PORTABLE)'/lib/* | grep -ao 'GLIBC_2\.[0-9]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1)"

# Tests. `make test` is everything that CI runs too; tests/README.md says how to run one.
## test            the whole test suite: all of the next seven
## test-unit       units
## test-db         the database layer and rollcall-admin
## test-fuzz       inputs that the fuzzer found
## test-e2e        the whole service, through every web server
## check-rooms     who includes whom
## check-headers   every header by itself
## lint            rules that a grep can hold
.PHONY: test test-deps test-unit test-db test-e2e test-e2e-lighttpd test-fuzz check-asan check-valgrind check-rooms \
	check-headers lint

NODE_MODULES = $(shell cat tests/e2e/*/package-lock.json | grep -c '"node_modules/')
test: test-deps
	@echo 'The suite fetches $(NODE_MODULES) Node modules once (150 MB, into $(BUILD)) and takes 10 to 15 minutes on two cores.'
	@$(MAKE) --no-print-directory check-rooms check-headers lint test-unit test-db test-fuzz test-e2e
	@echo 'all tests passed'

test-deps:
	@$(INSTALL_PACKAGES) $(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES)

test-unit: $(UNIT)
	@tests/run-programs $(UNIT)

test-db: $(PROGRAMS) $(DB_TESTS)
	@BIN_DIR='$(abspath $(O))' ROLLCALL_TEST_DIR='$(abspath $(BUILD))' tests/run-programs $(DB_TESTS)

# Through every web server, at the root and below a path; what starts a stack of its own, or asks
# nothing of the web server, once.
E2E_ONCE := $(filter %/test_ingest_geo %/test_pool %/test_ops_faults %/test_enforce \
	%/test_v1_race %/test_v1_revoke_many %.sh,$(E2E))
# On a shared host an id with a slash is not found (README): the suites that use none.
E2E_SHARED := $(filter %/test_v1_answers %/test_v1_access %/test_v1_token %/test_v1_revoke \
	%/test_v1_paging %/test_v1_stats %/test_ingest,$(E2E))
test-e2e: $(PROGRAMS) $(E2E)
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/e2e/run $(E2E_ONCE)
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/e2e/run --web all --mount all \
		$(filter-out $(E2E_ONCE),$(E2E))
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/e2e/run --web apache-htaccess \
		--mount /apps/sessions $(E2E_SHARED)

# Replays every corpus, past crashers included; `make fuzz` looks for new ones.
test-fuzz: $(FUZZ:%=$(O)/tests/fuzz/fuzz_%)
	@for f in $(FUZZ); do $(O)/tests/fuzz/fuzz_$$f tests/fuzz/corpus/$$f/* || exit 1; done

## check-asan      the tests under the sanitizers
# The same under the sanitizers; through lighttpd only, for the web server's side is not compiled here.
check-asan: test-deps
	@$(MAKE) --no-print-directory MODE=asan test-unit test-db test-fuzz test-e2e-lighttpd

test-e2e-lighttpd: $(PROGRAMS) $(E2E)
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/e2e/run $(E2E)

## check-valgrind  units and the API under valgrind
# Units, and one pass of the API, under valgrind; programs that kill workers or start stacks of
# their own are left out.
VALGRIND_E2E := $(filter-out %/test_pool %/test_ops %/test_ops_faults %/test_enforce %/test_ingest_geo \
	%/test_ingest_repeat %/test_web %/test_authorizer %/test_v1_race %/test_v1_revoke_many,$(filter $(O)/%,$(E2E)))
check-valgrind: test-deps
	@$(INSTALL_PACKAGES) valgrind
	@$(MAKE) --no-print-directory MODE=debug valgrind-programs
.PHONY: valgrind-programs
valgrind-programs: $(PROGRAMS) $(UNIT) $(VALGRIND_E2E)
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/check-valgrind $(UNIT) $(VALGRIND_E2E)

check-rooms:
	@tests/check-rooms

check-headers:
	@tests/check-headers $(CC) -std=c11 -D_DEFAULT_SOURCE $(WARNINGS) -Iinclude

lint:
	@tests/lint

## format          lay out every C file as .clang-format says
FORMATTED := $(wildcard src/*/*.[ch] include/*/*.h tests/*/*.[ch])
.PHONY: format
format:
	@$(INSTALL_PACKAGES) clang-format
	@clang-format -i $(FORMATTED)

## bench           Rollcall and a PHP of one afternoon, side by side
.PHONY: bench
bench: deps
	@$(INSTALL_PACKAGES) wrk php-fpm php-mysql
	@$(MAKE) --no-print-directory all
	@BUILD='$(abspath $(BUILD))' tests/bench/run

## fuzz            new inputs for the parsers (FUZZ_TARGET, FUZZ_RUNS)
# libFuzzer with clang: make fuzz FUZZ_TARGET=query FUZZ_RUNS=10000000. New finds go to
# $(BUILD)/fuzz; what crashed belongs into tests/fuzz/corpus once it is mended.
FUZZ_TARGET ?= query
FUZZ_RUNS ?= 100000
FUZZ_PROGRAM := $(BUILD)/fuzz/tests/fuzz/fuzz_$(FUZZ_TARGET)
.PHONY: fuzz
fuzz:
	@$(MAKE) --no-print-directory MODE=fuzz CC=clang '$(FUZZ_PROGRAM)'
	@mkdir -p '$(BUILD)/fuzz/corpus/$(FUZZ_TARGET)'
	cd '$(BUILD)/fuzz' && '$(abspath $(FUZZ_PROGRAM))' -runs=$(FUZZ_RUNS) -max_len=9000 \
		$(patsubst %,-dict='$(CURDIR)/%',$(wildcard tests/fuzz/$(FUZZ_TARGET).dict)) \
		'$(abspath $(BUILD))/fuzz/corpus/$(FUZZ_TARGET)' '$(CURDIR)/tests/fuzz/corpus/$(FUZZ_TARGET)'

# The demonstration (httpd-conf/demo/stack): everything it makes is in $(BUILD)/run.
# Packages may just have been installed, so pkg-config has to be asked again: hence the second make.
## run             a demonstration on loopback until Ctrl-C (PORT)
## up              the same in the background
## down            stop what up has started
## token           a token with any CLAIMS, signed with the demonstration key
## deps            install the Debian packages that are missing
RUN_DIR := $(abspath $(BUILD))/run

.PHONY: deps run up down token
deps:
	@$(INSTALL_PACKAGES) $(BUILD_PACKAGES) $(RUN_PACKAGES)

run up: deps
	@test -x '$(O)/rollcall.fcgi' || echo 'The first build and start take about half a minute.'
	@$(MAKE) --no-print-directory all
	@exec env BUILD='$(abspath $(BUILD))' MODE='$(MODE)' PORT='$(PORT)' httpd-conf/demo/stack $@

down:
	@exec env BUILD='$(abspath $(BUILD))' httpd-conf/demo/stack down

# make -s token CLAIMS='{"sub":"usr_1"}': nothing but the token on standard output. The claims go
# through the environment, so that the shell does not read them.
export CLAIMS
token:
	@$(MAKE) -s --no-print-directory $(O)/rollcall-demo >&2
	@mkdir -p '$(RUN_DIR)' && chmod 700 '$(RUN_DIR)'
	@test -s '$(RUN_DIR)/demo-key.pem' || $(O)/rollcall-demo keys '$(RUN_DIR)' >&2
	@$(O)/rollcall-demo token '$(RUN_DIR)/demo-key.pem' "$$CLAIMS"
