# SPDX-License-Identifier: GPL-2.0-only

KDIR ?= /lib/modules/$(shell uname -r)/build
M ?= $(CURDIR)

lab := tools/lab/lab
# the kernel of the lab to use, see 'tools/lab/lab --help'
export KERNEL
# the options that bigbar selects
extras = CONFIG_DRM_TTM_HUGE_DIRTY=y CONFIG_DRM_TTM_HUGE_PREFAULT=y
kbuild = $(MAKE) -C $(KDIR) M=$(M) CONFIG_PFNMAP=m CONFIG_DRM_TTM_HUGE=m CONFIG_DRM_BIGBAR=m \
	$(extras)

# For stress and fuzz: how long they run, and the seed of a run to repeat.
SECONDS ?= 60
CALLS ?= 200000
SEED ?=
soak = --cpus 2 --memory 4G --vram 2G --timeout 7200
# All targets that help lists.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

##@ Build

modules: ## build the modules for the running kernel, or the one in KDIR=
	@tools/check-kernel $(if $(LLVM)$(filter command,$(origin CC)),--any-compiler) $(KDIR)
	$(kbuild) modules

# Installs only the sources of the modules, and nothing that was built.
dkms_value = $(shell sed -n 's/^PACKAGE_$1="\(.*\)"/\1/p' dkms.conf)
dkms: name := $(call dkms_value,NAME)
dkms: version := $(call dkms_value,VERSION)
dkms: folder = $(DESTDIR)/usr/src/$(name)-$(version)
dkms: ## put the sources where DKMS looks for them, /usr/src in DESTDIR=
	@rm -rf $(folder)
	@mkdir -p $(folder)
	@tar -c --exclude-from=.gitignore --exclude=probed dkms.conf Makefile Kbuild Kconfig \
		drivers include tools/check-kernel | tar -x -C $(folder)
	@echo "$(folder) is made; to build and install: dkms install $(name)/$(version)"

lab: ## make the lab's root in LAB= (build/lab), or complete it
	@$(lab) setup

debug-kernel: ## build a kernel with KASAN, lockdep and other checks, which is KERNEL=debug
	@KERNEL= $(lab) setup
	@KERNEL= $(lab) chroot -- /src/tools/lab/kernel/build debug

clean: ## remove what was built here, except the lab
	@rm -rf $(filter-out build/lab%,$(wildcard build/*))
	@test ! -d $(KDIR) || $(kbuild) clean

distclean: clean ## remove the lab too
	@$(lab) remove

help: ## show this list
	@awk -F ':.*## ' '/^##@/ { print substr($$0, 5) ":" } /^[a-z-]+:.*## / { printf "  %-14s%s\n", $$1, $$2 }' \
		Makefile

##@ Test

check: ## run all tests in the lab, KERNEL=all for every kernel, results in build/check.json
	@tools/lab/evaluate check igt-tests --cpus 2 --memory 4G --vram 4G --timeout 3600

lint: ## check the style of all code in the lab
	@$(lab) setup
	@$(lab) chroot -- /src/tools/lint/lint

check-dkms: ## build, install and load the modules by DKMS for each kernel of the lab
	@$(lab) setup
	@$(lab) dkms --results build/check-dkms

stress: ## everything at once for SECONDS= (60), SEED= repeats a run, see build/stress.json
	@tools/lab/evaluate stress igt-tests/soak SOAK=stress \
		STRESS_SECONDS=$(SECONDS) STRESS_SEED=$(SEED) $(soak)

fuzz: ## CALLS= (200000) random calls, SEED= repeats a run, see build/fuzz.json
	@tools/lab/evaluate fuzz igt-tests/soak SOAK=fuzz \
		FUZZ_CALLS=$(CALLS) FUZZ_SEED=$(SEED) $(soak)

prove: ## prove the planner for every possible request, in the lab
	@$(lab) setup
	@$(lab) chroot -- sh -c 'make -s --no-print-directory \
		-C /src/tools/planner O=$$LAB_BUILD/plan-prove prove'

mutants: debug-kernel ## build the modules with each mutation of NAMES= (all), and check that the tests fail
	@igt-tests/mutants/run $(if $(GUESTS),--guests $(GUESTS)) $(NAMES)

floors: ## write igt-tests/floors from the results in build; review with git diff
	@igt-tests/write-floors --to igt-tests/floors \
		$(wildcard $(patsubst %,build/%.json,check stress fuzz adopt-qxl adopt-radeon in-tree))

##@ Measure

demo: ## map 4 GiB of VRAM by TTM and by ttm_huge, and compare, figures in build/demo.json
	@tools/lab/evaluate demo tools/demo --icount --cpus 1 --memory 3G

bench: ## compare ttm_huge with its peers, see build/bench/index.html; ACCEL=kvm for wall time
	@tools/bench/bench

##@ On the kernels of the lab

releases: ## run TEST=, or measure PERF=, on each kernel of the lab, and mark the first change
	@$(lab) setup
	@tools/bisect/ttm-huge-bisect --releases $(if $(PERF),--perf $(PERF),--test $(TEST))

check-bisect: ## test bisecting on kernels made for it, SHORT=1 builds few of them, TOYS=1 none
	@$(lab) setup
	@tools/bisect/test $(if $(TOYS),,$(if $(SHORT),--quick,--whole))

mm-bugs: ## show what the kernels get wrong with huge entries, results in build/mm-bugs.json
	@tools/mm-bugs/mm-bugs

mm-fixes: ## fix these bugs in 7.2 and 7.3-rc, and test the fixes; patches in build/mm-fixes
	@tools/mm-bugs/mm-fixes

##@ Drivers of the kernel

adopt: ## build DRIVER=qxl or radeon with ttm_huge, and check that one fault maps its VRAM
	@tools/adopt/try $(DRIVER)

adopt-survey: ## try the same on other TTM drivers, what is left by hand in build/adopt-survey.json
	@$(lab) setup
	@$(lab) build
	@mkdir -p build
	@$(lab) chroot --results build -- /src/tools/adopt/survey --json /results/adopt-survey.json

##@ Send

patches: ## write the drivers as patches for a kernel tree, built and checked, to build/patches
	@tools/in-tree/in-tree patches

in-tree: ## test a kernel that has the drivers (DRIVERS=1: all) in it, see build/in-tree.json
	@tools/in-tree/in-tree test $(if $(DRIVERS),--drivers)

farm-results: ## write the results in build as JUnit and as KCIDB to build/export
	@$(lab) setup
	@$(lab) chroot --results build -- sh -c '/src/tools/export/export --to /results/export \
		$$(ls /results/*.json /results/bench/results.json 2>/dev/null)'
