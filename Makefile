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

# These commands of tools/th are targets, too. Variables become options, or go to the
# environment: LAB, KERNEL, ACCEL, LEAVE_OUT.
commands := check changed lint check-dkms stress fuzz soak prove mutants check-bisect floors \
	demo bench releases mm-bugs mm-fixes adopt adopt-survey packages check-package fakegpu \
	patches in-tree export debug-kernel
options_stress = $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))
options_fuzz = $(if $(CALLS),--calls $(CALLS)) $(if $(SEED),--seed $(SEED))
options_soak = $(if $(SECONDS),--seconds $(SECONDS)) $(if $(CALLS),--calls $(CALLS))
options_mutants = $(if $(GUESTS),--guests $(GUESTS)) $(NAMES)
options_check-bisect = $(if $(TOYS),,$(if $(SHORT),--quick,--whole))
options_releases = $(if $(PERF),--perf $(PERF),--test $(TEST))
options_adopt = $(DRIVER)
options_check-package = $(DRIVER)
options_fakegpu = $(PROFILE)
options_in-tree = $(if $(DRIVERS),--drivers)

.PHONY: modules dkms lab clean distclean help $(commands)

modules: ## build the modules for the running kernel, or the one in KDIR=
	@tools/check-kernel/check-kernel $(if $(LLVM)$(filter command,$(origin CC)),--any-compiler) $(KDIR)
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
		drivers include tools/check-kernel/check-kernel | tar -x -C $(folder)
	@echo "$(folder) is made; to build and install: dkms install $(name)/$(version)"

lab: ## make the lab's root in LAB= (build/lab), or complete it
	@$(lab) setup

clean: ## remove what was built here, except the lab
	@rm -rf $(filter-out build/lab%,$(wildcard build/*))
	@test ! -d $(KDIR) || $(kbuild) clean

distclean: clean ## remove the lab too
	@$(lab) remove

help: ## show this list
	@echo "Build:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s%s\n", $$1, $$2 }' Makefile
	@tools/th --list

$(commands):
	@tools/th $@ $(options_$@)
