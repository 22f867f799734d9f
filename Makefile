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
	libssl-dev libmaxminddb-dev libcurl4-openssl-dev python3-yaml
RUN_PACKAGES := $(call absent,mariadbd,mariadb-server) $(call absent,mariadb,mariadb-client) lighttpd spawn-fcgi curl
TEST_PACKAGES := libcmocka-dev clang-format apache2 libapache2-mod-fcgid \
	$(call absent,nginx,nginx-light) php-cli php-cgi php-curl php-nyholm-psr7 prometheus chromium $(call absent,npm,nodejs npm)
CHECK_PACKAGES := php-fpm php-redis redis-server php-memcached memcached php-sqlite3 composer caddy libapache2-mod-auth-openidc
DEB_PACKAGES := build-essential dpkg-dev debhelper
INSTALL_PACKAGES = httpd-conf/demo/install-packages

# A confined worker can write below /tmp and nowhere else: the counters of MODE=cov are there.
COV_DATA := /tmp/rollcall-cov-$(firstword $(shell printf '%s' '$(abspath $(BUILD))' | cksum))
MODES := release debug asan cov fuzz
ifeq ($(filter $(MODE),$(MODES)),)
$(error MODE is one of $(MODES))
endif

FLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE \
	$(if $(filter x86_64-% i%86-%,$(shell $(CC) -dumpmachine)),-fcf-protection)
LINK_release  := -pie -Wl,-z,relro,-z,now
FLAGS_debug   := -O0
FLAGS_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK_asan     := -fsanitize=address,undefined
FLAGS_fuzz    := -O2 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LINK_fuzz     := -fsanitize=address,undefined
FLAGS_cov     := -O0 --coverage -fprofile-update=atomic -fprofile-dir=$(COV_DATA)
LINK_cov      := --coverage -Wl,-u,__gcov_dump

PKG_APP  := fcgi yajl libmariadb cjose libcrypto libmaxminddb
PKG_ADMIN := libcurl
PKG_TEST := cmocka libcurl
WARNINGS := -Wall -Wextra -Wpedantic $(WERROR) -Wshadow -Wvla -Wformat=2 -Wundef -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wswitch-enum
ALL_CFLAGS = -std=c11 -D_DEFAULT_SOURCE -g $(WARNINGS) $(FLAGS_$(MODE)) -Iinclude -Itests \
	$(shell pkg-config --cflags $(PKG_APP) $(PKG_ADMIN) 2>/dev/null) \
	$(shell pkg-config --cflags $(PKG_TEST) 2>/dev/null) \
	-DSCHEMA_DIR=\"$(PREFIX)/share/rollcall/schema\" \
	-DCONFIG_FILE=\"$(SYSCONFDIR)/rollcall/rollcall.conf\" $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LINK_$(MODE)) $(LDFLAGS)
LIBS      = $(shell pkg-config --libs $(PKG_APP) 2>/dev/null) -lm
ADMIN_LIBS = $(shell pkg-config --libs $(PKG_ADMIN) 2>/dev/null)
TEST_LIBS = $(shell pkg-config --libs $(PKG_TEST) 2>/dev/null)
ALL_CFLAGS := $(ALL_CFLAGS)
LIBS       := $(LIBS)
ADMIN_LIBS := $(ADMIN_LIBS)
TEST_LIBS  := $(TEST_LIBS)

# Rooms. A program is a main.c of its room; everything else is one archive.
MAINS   := src/server/main.c src/admin/main.c src/demo/main.c
SOURCES := $(filter-out $(MAINS),$(wildcard src/*/*.c))
OBJECTS := $(SOURCES:%.c=$(O)/%.o) $(O)/openapi_json.o $(O)/version.o $(O)/console_files.o
ARCHIVE := $(O)/rollcall.a
PROGRAMS := $(O)/rollcall.fcgi $(O)/rollcall-admin $(O)/rollcall-demo

TEST_HELP := $(patsubst %.c,$(O)/%.o,$(wildcard tests/lib/*.c))
UNIT := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
DB_TESTS := $(patsubst %.c,$(O)/%,$(wildcard tests/db/test_*.c))
DB_CHECKS := $(patsubst %.c,$(O)/%,$(wildcard tests/db/check_*.c))
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
# rollcall-admin fetches keys; what serves requests is not linked with libcurl.
$(O)/rollcall-admin: MORE_LIBS := $(ADMIN_LIBS)
$(PROGRAMS):
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(MORE_LIBS)

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

# cmocka hands a state to every test, whether it has one or not. Tests may include a header that is
# private to a room, as "api/handlers.h"; the rooms themselves cannot.
file_flags = $(if $(filter tests/%,$<),-Isrc -Wno-unused-parameter)

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(file_flags) -MMD -MP -c -o $@ $<

# schema/openapi.yaml is served by the program: a C file is made of it.
$(O)/openapi_json.c: schema/openapi.yaml schema/openapi-to-c
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)schema/openapi-to-c $< >$@.new && mv $@.new $@

# The same for the files of the console.
$(O)/console_files.c: $(wildcard src/console/*) schema/openapi.yaml
	@mkdir -p $(@D)
	$(call say,MAKE,$@)
	$(Q)src/console/to-reference schema/openapi.yaml >$(O)/reference.html
	$(Q)src/console/to-c $(O)/reference.html >$@.new && mv $@.new $@

$(O)/openapi_json.o $(O)/console_files.o: $(O)/%.o: $(O)/%.c $(O)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -Isrc -c -o $@ $<

# The version: the release, and in a checkout the number of commits and the commit. A package of a
# changed tree adds the time, so that it is higher than the one before.
RELEASE := $(shell sed -n 's/.*ROLLCALL_RELEASE "\(.*\)"/\1/p' src/server/version.h)
GIT := git -c safe.directory='*'
BUILD_VERSION ?= $(RELEASE)$(shell [ "$$($(GIT) rev-parse --show-prefix --is-shallow-repository 2>&1 | tr '\n' ' ')" = ' false ' ] && \
	printf '+git%s.%s' "$$($(GIT) rev-list --count HEAD)" "$$($(GIT) rev-parse --short HEAD)")
BUILD_VERSION := $(BUILD_VERSION)
$(O)/version.c: FORCE
	@mkdir -p $(@D)
	@printf '#include "server/version.h"\nconst char rollcall_version[] = "%s";\n' '$(BUILD_VERSION)' > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi

$(O)/version.o: $(O)/version.c $(O)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -Isrc -c -o $@ $<

# Changed flags or compiler rebuild everything; the same ones do not. Several makes may run at a time.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi
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
UNITS := rollcall.socket rollcall.service rollcall-authorizer.socket rollcall-authorizer.service \
	rollcall-jwks.service rollcall-jwks.timer
.PHONY: install uninstall deb
install: programs
	install -d '$(INSTALLED)/bin' '$(INSTALLED)/share/rollcall/schema' \
		'$(INSTALLED)/share/doc/rollcall' '$(INSTALLED)/share/man/man8' \
		'$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(SYSUSERSDIR)'
	test -d '$(CONFIG)' || install -d -m 750 '$(CONFIG)'
	install -m 755 $(O)/rollcall.fcgi $(O)/rollcall-admin '$(INSTALLED)/bin'
	install -m 644 schema/*.sql schema/*.md schema/openapi.yaml '$(INSTALLED)/share/rollcall/schema'
	for page in httpd-conf/man/*.8; do \
		sed '$(PLACES)' $$page > '$(INSTALLED)/share/man/man8/'$${page##*/} || exit 1; done
	install -m 644 README.md LICENSE '$(INSTALLED)/share/doc/rollcall'
	install -m 644 httpd-conf/README.md '$(INSTALLED)/share/doc/rollcall/httpd-conf.md'
	rm -rf '$(INSTALLED)/share/doc/rollcall/php/src'
	for d in apache caddy lighttpd nginx php prometheus; do \
		install -d '$(INSTALLED)/share/doc/rollcall/'$$d && \
		cp -R httpd-conf/$$d/. '$(INSTALLED)/share/doc/rollcall/'$$d || exit 1; done
	rm -rf '$(INSTALLED)/share/doc/rollcall/php/src'
	ln -sfn ../../../php/Rollcall '$(INSTALLED)/share/doc/rollcall/php/src'
	install -d '$(INSTALLED)/share/php/Rollcall/Exception'
	install -m 644 httpd-conf/php/src/*.php '$(INSTALLED)/share/php/Rollcall'
	install -m 644 httpd-conf/php/src/Exception/*.php '$(INSTALLED)/share/php/Rollcall/Exception'
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
	rm -rf '$(INSTALLED)/share/rollcall' '$(INSTALLED)/share/doc/rollcall' '$(INSTALLED)/share/php/Rollcall'
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
	$(Q)$(portable_link) '$(PORTABLE)/rollcall-admin' $(O)/src/admin/main.o $(ARCHIVE) $(LIBS) $(ADMIN_LIBS)
	@ldd '$(PORTABLE)/rollcall.fcgi' '$(PORTABLE)/rollcall-admin' | awk '$$3 ~ /^\// { print $$3 }' | sort -u | \
		grep -vE '/$(OF_LIBC)' | while read -r library; do cp -L "$$library" '$(PORTABLE)/lib' || exit 1; done
	@printf '%s: %s, for hosts with glibc %s or later\n' '$(PORTABLE)' \
		"$$(du -sh '$(PORTABLE)' | cut -f 1)" \
		"$$(cat '$(PORTABLE)'/rollcall* '$(PORTABLE)'/lib/* | grep -ao 'GLIBC_2\.[0-9]*' | sed 's/GLIBC_//' | sort -uV | tail -n 1)"

# Tests. tests/README.md says how to run one. Each program prints one line; what it said is in LOGS.
## test            the test suite: all of the next seven (six to nine minutes on two processors)
## test-unit       units; needs nothing and takes seconds
## test-db         the database layer and rollcall-admin
## test-fuzz       inputs that the fuzzer found
## test-e2e        the whole service, and what the web server may change through all of them
## check-rooms     who includes whom
## check-headers   every header by itself
## lint            rules that a grep can hold
.PHONY: test test-deps test-programs test-unit test-db test-fuzz test-e2e test-e2e-console test-e2e-each \
	test-e2e-once test-e2e-servers check-rooms check-headers lint
LOGS := $(abspath $(BUILD))/test/$(MODE)

# Those of the OpenID provider are for make check.
NODE_MODULES = $(shell cat $(filter-out tests/e2e/provider/%,$(wildcard tests/e2e/*/package-lock.json)) | grep -c '"node_modules/')
# Several parts at a time, the long ones first: a test waits more than it computes. The totals are the
# last line, whatever failed before.
TEST_PARTS := test-e2e-console test-e2e-once test-e2e-servers test-e2e-each test-db test-unit test-fuzz
test: test-deps
	@echo 'The suite fetches $(NODE_MODULES) Node modules once (150 MB, into $(BUILD)) and takes several minutes on two cores.'
	@rm -rf '$(LOGS)'
	@status=0; $(MAKE) --no-print-directory -k -j2 test-programs check-rooms check-headers lint || status=1; \
	$(MAKE) --no-print-directory -k -j3 $(TEST_PARTS) || status=1; \
	tests/totals '$(LOGS)' || status=1; exit $$status

test-programs: $(PROGRAMS) $(UNIT) $(DB_TESTS) $(FUZZ:%=$(O)/tests/fuzz/fuzz_%) $(E2E)

test-deps:
	@$(INSTALL_PACKAGES) $(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES)

test-unit: $(UNIT)
	@tests/run-programs '$(LOGS)/unit' $(UNIT)

test-db: $(PROGRAMS) $(DB_TESTS)
	@BIN_DIR='$(abspath $(O))' ROLLCALL_TEST_DIR='$(abspath $(BUILD))' JOBS=2 \
		tests/run-programs '$(LOGS)/db' $(DB_TESTS)

# Replays every corpus, past crashers included; `make fuzz` looks for new ones.
test-fuzz: $(FUZZ:%=$(O)/tests/fuzz/fuzz_%)
	@for f in $(FUZZ); do \
		tests/run-one '$(LOGS)/fuzz' $(O)/tests/fuzz/fuzz_$$f tests/fuzz/corpus/$$f/* || exit 1; done

# How a program is run is said by a marker in its source, "e2e: once" and so on (tests/README.md).
e2e_marked = $(filter $(patsubst %.c,$(O)/%,$(shell grep -lE '^(/[*]|.) e2e:.*\b$(1)\b' tests/e2e/test_*)),$(E2E))
E2E_RUN = BUILD='$(abspath $(BUILD))' MODE='$(MODE)' LOGS='$(LOGS)/e2e' tests/e2e/run

CONSOLE := tests/e2e/test_console.sh
test-e2e:
	@$(MAKE) --no-print-directory -k -j3 $(filter test-e2e-%,$(TEST_PARTS))

# Four stacks side by side. The one of test-e2e-servers changes its web server.
test-e2e-console: $(PROGRAMS)
	@$(E2E_RUN) $(CONSOLE)

test-e2e-each: $(PROGRAMS) $(E2E)
	@$(E2E_RUN) $(filter-out $(CONSOLE) $(call e2e_marked,every-server) $(call e2e_marked,once),$(E2E))

test-e2e-once: $(PROGRAMS) $(E2E)
	@$(E2E_RUN) $(filter-out $(call e2e_marked,long),$(call e2e_marked,once))

test-e2e-servers: $(PROGRAMS) $(E2E)
	@$(E2E_RUN) --web all --mount all $(call e2e_marked,every-server)

# Checks. What `make test` leaves out because it takes long or needs further tools.
## check           everything beyond test: all of the next eight, check-history, -galera, -hostile and -upgrade
## check-static    clang's warnings, gcc -fanalyzer, clang-tidy, pointers as conditions, and cppcheck
## check-servers   every end-to-end program through every web server, at the root and below a path
## check-clients   programs that others wrote and hosts that others run: the PHP demonstration, gateways, an OpenID provider
## check-bounds    end-to-end programs that make a large store: memory of the largest answer, costly questions
## check-asan      the tests under the sanitizers
## check-valgrind  units and the API under valgrind
## check-fuzz      new inputs for everything that reads, for a minute or two
## check-faults    every call of the database's connector fails once
.PHONY: check check-static check-clang check-analyzer check-tidy check-pointers check-cppcheck check-servers check-clients \
	check-asan check-valgrind check-fuzz check-faults test-faults valgrind-programs objects
# Two parts at a time, the long ones first, on programs that are built before.
CHECK_PARTS := check-servers check-asan check-valgrind check-galera check-history check-clients check-faults \
	check-fuzz check-static check-hostile check-bounds check-upgrade
check: test-deps
	@$(INSTALL_PACKAGES) $(CHECK_PACKAGES) $(DEB_PACKAGES) clang clang-tidy cppcheck valgrind libfaketime
	@rm -rf '$(abspath $(BUILD))/test/'asan '$(abspath $(BUILD))/test/'servers
	@$(MAKE) --no-print-directory -j2 test-programs $(DB_CHECKS) $(HOSTILE)
	@printf '%s\n' $(CHECK_PARTS) | xargs -n 1 -P 2 tests/run-part '$(MAKE)'

SRC_OBJECTS := $(OBJECTS) $(MAINS:%.c=$(O)/%.o)
objects: $(SRC_OBJECTS) $(patsubst %.c,$(O)/%.o,$(wildcard tests/*/*.c))

check-static: deps
	@$(INSTALL_PACKAGES) $(BUILD_PACKAGES) $(TEST_PACKAGES) clang clang-tidy cppcheck
	@$(MAKE) --no-print-directory -k check-clang check-analyzer check-tidy check-pointers check-cppcheck

check-clang:
	@$(MAKE) --no-print-directory CC=clang BUILD='$(BUILD)/clang' objects

check-analyzer:
	@$(MAKE) --no-print-directory CC=gcc BUILD='$(BUILD)/analyzer' CFLAGS='-fanalyzer $(CFLAGS)' analyzed

.PHONY: analyzed
analyzed: $(SRC_OBJECTS)

# What is looked for, and why not for more: .clang-tidy.
TIDY_FLAGS = -std=c11 -D_DEFAULT_SOURCE -Iinclude '-DSCHEMA_DIR="x"' '-DCONFIG_FILE="x"' $(shell pkg-config --cflags $(PKG_APP) $(PKG_ADMIN))
check-tidy:
	@printf '%s\n' $(SOURCES) $(MAINS) | xargs -I {} -P "$$(nproc)" \
		sh -c 'said=$$(clang-tidy --quiet "$$0" -- "$$@" 2>/dev/null) || { echo "$$said"; exit 1; }' {} \
		$(TIDY_FLAGS)

# clang-query comes with clang-tidy.
check-pointers:
	@clang-query --version >/dev/null
	@! clang-query -f tests/pointers.query $(SOURCES) $(MAINS) -- $(TIDY_FLAGS) 2>/dev/null | grep -A 2 ': note: '

# NULL is a pointer wherever there is POSIX, so it may end a list of arguments (varFuncNullUB).
check-cppcheck:
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --suppress=missingIncludeSystem --suppress=varFuncNullUB -Iinclude src

check-bounds: test-deps
	@$(MAKE) --no-print-directory $(PROGRAMS) $(E2E)
	@status=0; $(E2E_RUN) $(call e2e_marked,long) || status=1; \
	ROLLCALL_POOL_REQUESTS=40000 $(E2E_RUN) $(O)/tests/e2e/test_pool || status=1; exit $$status

# Two stacks side by side, and the console through one more server than in `make test`.
SERVERS_E2E = $(filter-out $(CONSOLE) $(call e2e_marked,once),$(E2E))
check-servers: test-deps
	@$(MAKE) --no-print-directory -j2 $(PROGRAMS) $(E2E)
	@$(MAKE) --no-print-directory -k -j2 check-servers-apache check-servers-others

.PHONY: check-servers-apache check-servers-others
check-servers-apache:
	@status=0; $(E2E_RUN) --web apache-fcgid,apache-proxy --mount all $(SERVERS_E2E) || status=1; \
	$(E2E_RUN) --web apache-htaccess --mount /apps/sessions $(call e2e_marked,shared-host) || status=1; exit $$status

check-servers-others:
	@status=0; $(E2E_RUN) --web lighttpd,nginx --mount all $(SERVERS_E2E) || status=1; \
	$(E2E_RUN) --web nginx --mount /apps/sessions $(CONSOLE) || status=1; exit $$status

# Through lighttpd only, for the web server's side is not compiled here.
check-clients: test-deps
	@$(INSTALL_PACKAGES) $(CHECK_PACKAGES)
	@$(MAKE) --no-print-directory $(PROGRAMS)
	@$(E2E_RUN) $(wildcard tests/e2e/check_*.sh)

check-asan: test-deps
	@$(MAKE) --no-print-directory -k -j2 MODE=asan test-programs
	@status=0; $(MAKE) --no-print-directory -k -j2 MODE=asan test-e2e-lighttpd test-db test-unit test-fuzz || status=1; \
	tests/totals '$(abspath $(BUILD))/test/asan' || status=1; exit $$status

.PHONY: test-e2e-lighttpd
# A worker that is killed tells neither what it leaked nor what it reached, so each of the programs
# that may kill workers has a stack of its own.
test-e2e-lighttpd: $(PROGRAMS) $(E2E)
	@status=0; $(E2E_RUN) $(filter-out $(call e2e_marked,no-valgrind),$(E2E)) || status=1; \
	for program in $(call e2e_marked,no-valgrind); do $(E2E_RUN) "$$program" || status=1; done; \
	exit $$status

# Units, and one pass of the API; programs that kill workers or start stacks of their own are marked.
VALGRIND_E2E = $(filter-out $(call e2e_marked,no-valgrind),$(filter $(O)/%,$(E2E)))
check-valgrind: test-deps
	@$(INSTALL_PACKAGES) valgrind
	@$(MAKE) --no-print-directory MODE=debug valgrind-programs
valgrind-programs: $(PROGRAMS) $(UNIT) $(filter $(O)/%,$(E2E))
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' LOGS='$(LOGS)/valgrind' \
		tests/check-valgrind $(UNIT) $(VALGRIND_E2E)

check-fuzz:
	@mkdir -p '$(BUILD)'
	@$(MAKE) --no-print-directory EXECUTIONS=300000 FUZZ_ROUNDS=1 fuzz >'$(BUILD)/fuzz.log' 2>&1 || \
		{ tail -n 60 '$(BUILD)/fuzz.log'; exit 1; }

check-faults: test-deps
	@$(MAKE) --no-print-directory test-faults

test-faults: $(PROGRAMS) $(DB_CHECKS)
	@BIN_DIR='$(abspath $(O))' ROLLCALL_TEST_DIR='$(abspath $(BUILD))' \
		tests/run-programs '$(LOGS)/db' $(DB_CHECKS)

# gcov's counters of every test, workers included; tests/coverage says how they are gathered.
## coverage        what the tests reach of src, with a report in BUILD/coverage
LINES_MIN ?= 95
BRANCHES_MIN ?= 85
.PHONY: coverage coverage-programs
coverage: test-deps
	@$(INSTALL_PACKAGES) gcovr
	@rm -rf '$(abspath $(BUILD))/test/cov'
	@$(MAKE) --no-print-directory MODE=cov coverage-programs
	@tests/coverage begin '$(COV_DATA)' '$(BUILD)/cov'
	@status=0; $(MAKE) --no-print-directory -k MODE=cov test-unit test-db test-faults test-fuzz test-e2e-lighttpd || \
		status=1; \
	tests/totals '$(abspath $(BUILD))/test/cov' || status=1; \
	LINES_MIN='$(LINES_MIN)' BRANCHES_MIN='$(BRANCHES_MIN)' \
		tests/coverage report '$(COV_DATA)' '$(BUILD)/cov' '$(BUILD)/coverage' || status=1; exit $$status

coverage-programs: $(PROGRAMS) $(UNIT) $(DB_TESTS) $(DB_CHECKS) $(E2E) $(FUZZ:%=$(O)/tests/fuzz/fuzz_%)

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

## history         clients and faults for SECONDS, judged against the promises (tests/history)
## history-galera  the same over a cluster of three nodes, with HISTORY_INIT as init-command
## check-history   the same for three minutes, and two callers that end a large tenant
## check-galera    end-to-end programs and checks behind an ending over three nodes (CHECKS each)
# HISTORY_ARGS: options of tests/history/run, for instance '--operations 1000000' or '--seed 7'.
SECONDS ?= 600
HISTORY := BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/history/run
## check-breaks    that the history checker sees each guarantee that is switched off
.PHONY: history history-galera check-history check-galera check-breaks
history: deps
	@$(INSTALL_PACKAGES) libfaketime
	@$(MAKE) --no-print-directory all
	@$(HISTORY) --seconds '$(SECONDS)' --overlap 12 $(HISTORY_ARGS)

history-galera: deps
	@$(INSTALL_PACKAGES) galera-4 rsync libfaketime
	@$(MAKE) --no-print-directory all
	@$(HISTORY) --seconds '$(SECONDS)' --galera --init '$(HISTORY_INIT)' $(HISTORY_ARGS)

check-history: deps
	@$(INSTALL_PACKAGES) libfaketime
	@$(MAKE) --no-print-directory all
	@python3 -B -m unittest discover -s tests/history
	@$(HISTORY) --seconds 90 --overlap 2 --overlap-rows 25000 $(HISTORY_ARGS)
	@if unshare --mount mount -t tmpfs none /mnt 2>/dev/null; then \
		$(HISTORY) --seconds 20 --disk 900 --fault disk_full $(HISTORY_ARGS); \
	else \
		echo 'check-history: no disk is filled, for nobody but root with the right to mount can do that'; \
	fi

# Those that neither need a page behind the Authorizer nor look for their connections at one node.
CHECKS ?= 2000
NODES_E2E := $(addprefix $(O)/tests/e2e/test_,audit edge_access edge_filter edge_paging ingest ingest_users ingest_check ingest_activity \
	ingest_repeat v1_access v1_matrix v1_cursor v1_paging v1_race v1_revoke v1_stats)
check-galera: test-deps
	@if $(INSTALL_PACKAGES) galera-4 rsync; then \
		$(MAKE) --no-print-directory nodes; \
	else \
		echo 'check-galera is skipped: galera-4 cannot be installed'; \
	fi
.PHONY: nodes
nodes: $(PROGRAMS) $(NODES_E2E)
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/history/nodes --checks '$(CHECKS)' \
		$(abspath $(NODES_E2E))

check-breaks: deps
	@BUILD='$(abspath $(BUILD))' tests/history/breaks $(BREAKS)

## hostile         hostile HTTP through every web server: REQUESTS together, from SEED (tests/hostile)
## check-hostile   the same with 60,000
hostile: REQUESTS ?= 100000
SEED ?= 1
HOSTILE := $(O)/tests/hostile/test_hostile
HOSTILE_WEBS := lighttpd,apache-proxy,nginx
.PHONY: hostile check-hostile
$(HOSTILE): $(O)/tests/hostile/make.o $(O)/tests/hostile/talk.o
hostile: test-deps
	@$(MAKE) --no-print-directory $(PROGRAMS) $(HOSTILE)
	@HOSTILE_REQUESTS=$$(($(REQUESTS) / 3)) HOSTILE_SEED='$(SEED)' ROLLCALL_LOG_LEVEL=off \
		$(E2E_RUN) --web $(HOSTILE_WEBS) $(HOSTILE)

check-hostile:
	@$(MAKE) --no-print-directory REQUESTS=60000 hostile

## check-upgrade   the package over one of a lower version, under load
.PHONY: check-upgrade
check-upgrade: deps
	@$(INSTALL_PACKAGES) $(DEB_PACKAGES)
	@$(MAKE) --no-print-directory all
	@BUILD='$(abspath $(BUILD))' MODE='$(MODE)' tests/run-one '$(LOGS)/package' tests/package/upgrade

## check-bare      README on a bare Debian 12 that is booted for it, and what it leaves behind (as root)
.PHONY: check-bare
check-bare:
	@$(INSTALL_PACKAGES) debootstrap systemd-container
	@BUILD='$(abspath $(BUILD))' tests/run-one '$(LOGS)/package' tests/package/bare

## bench           Rollcall beside PHP, Node and floors (CASES, ROWS, ROUNDS, SECONDS_EACH)
# tests/bench/README.md says what it measures. The programs of the bench are not of the product.
BENCH_TOOLS := $(BUILD)/bench/bench-data $(BUILD)/bench/bench-statement $(BUILD)/bench/bench-constant
BENCH_SETTINGS := CASES ROWS END_ROWS ROUNDS SECONDS_EACH REQUESTS BUFFER_POOL CHART
.PHONY: bench bench-tools
bench: deps
	@$(INSTALL_PACKAGES) wrk php-fpm php-mysql git chromium $(if $(shell command -v npm),,nodejs npm)
	@$(MAKE) --no-print-directory MODE=release all bench-tools
	@BUILD='$(abspath $(BUILD))' $(foreach s,$(BENCH_SETTINGS),$(if $($s),$s='$($s)')) tests/bench/run

bench-tools: $(BENCH_TOOLS)
$(BUILD)/bench/bench-data: $(wildcard tests/bench/data*.c) tests/bench/data.h
$(BUILD)/bench/bench-statement: tests/bench/statement.c
$(BUILD)/bench/bench-constant: tests/bench/constant.c
$(BENCH_TOOLS): $(O)/flags
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pthread $(ALL_LDFLAGS) -o $@ $(filter %.c,$^) $(LIBS)

## fuzz            new inputs for everything that reads (EXECUTIONS of all targets, or of one FUZZ_TARGET)
# libFuzzer with clang, address and undefined-behaviour sanitizers. New inputs go to $(BUILD)/fuzz/work;
# what crashed belongs into tests/fuzz/corpus once it is mended. How the executions are divided is
# said in tests/fuzz/run. `make fuzz EXECUTIONS=100000000` takes hours.
EXECUTIONS ?= 1000000
FUZZ_ROUNDS ?= 4
FUZZ_TARGET ?=
FUZZ_DIR := $(abspath $(BUILD))/fuzz
.PHONY: fuzz fuzz-programs
fuzz:
	@$(INSTALL_PACKAGES) $(BUILD_PACKAGES) $(TEST_PACKAGES) clang
	@$(MAKE) --no-print-directory MODE=fuzz CC=clang fuzz-programs
	@tests/fuzz/run '$(FUZZ_DIR)/tests/fuzz' '$(FUZZ_DIR)/work' $(EXECUTIONS) $(FUZZ_ROUNDS) $(FUZZ_TARGET)

fuzz-programs: $(FUZZ:%=$(O)/tests/fuzz/fuzz_%)

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

## pictures        make the pictures of README.md again
.PHONY: pictures
pictures: all
	@PICTURES='$(CURDIR)/tests/e2e/console' BUILD='$(abspath $(BUILD))' tests/e2e/run tests/e2e/test_console.sh

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
