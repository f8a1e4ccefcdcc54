# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel, or the folders of our drivers in it, and return the problems."""

import os
import pathlib
import shlex
import shutil
import subprocess
from collections import Counter

from .series import SeriesError, run

TOOLS = pathlib.Path(__file__).resolve().parents[1]
FOLDERS = ("drivers/gpu/drm/pfnmap/", "drivers/gpu/drm/ttm_huge/", "drivers/gpu/drm/bigbar/")

# The folder that builds ttm_huge, once TTM has it inside.
TTM = "drivers/gpu/drm/ttm/"

# The folders whose headers must compile on their own.
API = ("include/linux/", "include/drm/")

# The prefixes of our drivers' names.
OURS = ("pfnmap", "ttm_huge", "bigbar")

# The prefix of the symbol that marks an exported function.
EXPORTED = "__export_symbol_"


def lines_of(command, folder):
    """The messages of a check, one a line; empty if there is no problem."""
    done = subprocess.run(command, cwd=folder, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={**os.environ, "CCACHE_DIR": "/lab/ccache", "GIT_DIR": "/nowhere"})
    said = [line for line in done.stdout.splitlines() if line.strip()]
    return said or ([f"{command[0]}: status {done.returncode}"] if done.returncode else [])


def symbols_of(objects, prefix=OURS):
    """Kind and name of the symbols that begin with a prefix."""
    if not objects:
        return []
    symbols = [line.split()[-2:] for line in run(["nm", *objects]).splitlines()
               if len(line.split()) >= 2]
    return [(kind, name) for kind, name in symbols if name.startswith(prefix)]


class Kernel:
    """A kernel source, and the folder that it is built in."""

    def __init__(self, source, objects):
        self.source = source
        self.objects = objects
        self.config = objects / "config-with-drivers"

    def make(self, *arguments):
        """The messages of make, one a line; empty if there is no problem."""
        return lines_of(["make", "-s", f"O={self.objects}", "CC=ccache gcc",
                         f"-j{os.cpu_count()}", "LOCALVERSION=", "KBUILD_BUILD_TIMESTAMP=@0",
                         "KBUILD_BUILD_USER=lab", "KBUILD_BUILD_HOST=lab", *arguments],
                        self.source)

    def configure(self):
        """Configure a source that has the drivers, and keep that for one that has fewer."""
        self.objects.mkdir(parents=True, exist_ok=True)
        run([TOOLS / "lab/kernel/configure", self.source, self.objects, "lab.config",
             TOOLS / "in-tree/in-tree.config", TOOLS / "in-tree/drivers.config"])
        shutil.copy(self.objects / ".config", self.config)

    def prepare(self):
        """Build all that the first build of the folders would build as well."""
        said = self.make("prepare")
        if said:
            raise SeriesError(f"make prepare says: {said[-1]}")
        for folder in FOLDERS:
            shutil.rmtree(self.objects / folder, ignore_errors=True)

    def reconfigure(self):
        """Configure again after Kconfig has changed, without options that the source lacks."""
        shutil.copy(self.config, self.objects / ".config")
        return self.make("olddefconfig")

    def build_drivers(self, changed):
        """Build our folders, if the source has them, and other files that a patch has changed,
        with W=1."""
        folders = [folder for folder in FOLDERS if (self.source / folder).exists()]
        others = [path for path in changed
                  if path.suffix == ".c" and not str(path).startswith(FOLDERS)]
        sources = others + [path.relative_to(self.source) for folder in folders
                            for path in sorted((self.source / folder).rglob("*.c"))]
        for path in others:
            self.object_of(path).unlink(missing_ok=True)
        return (self.make("W=1", *folders, *self.hosts(),
                          *[str(path.with_suffix(".o")) for path in others]) or
                self.not_built(sources) + self.unlinkable(folders) +
                self.not_exported(folders, others))

    def hosts(self):
        """The folders of the kernel that build one of ours."""
        makefile = (self.source / TTM / "Makefile").read_text(encoding="utf-8")
        return [TTM] if "ttm_huge" in makefile else []

    def object_of(self, path):
        """The object of a source file."""
        return (self.objects / path).with_suffix(".o")

    def not_built(self, sources):
        """Sources without an object: make may have skipped the folder."""
        return [f"{path} was not compiled" for path in sources
                if not self.object_of(path).exists()]

    def objects_in(self, folders):
        """All objects that were built in these folders."""
        return [path for folder in folders for path in (self.objects / folder).rglob("*.o")]

    def unlinkable(self, folders):
        """Functions of the drivers that are called but do not exist yet, or that two files
        define. Nothing else notices before the whole kernel is linked."""
        symbols = symbols_of(self.objects_in(folders))
        called = {name for kind, name in symbols if kind == "U"}
        defined = {name for kind, name in symbols if kind != "U"}
        times = Counter(name for kind, name in symbols if kind == "T")
        return ([f"{name}() is called but does not exist" for name in sorted(called - defined)] +
                [f"{name}() is defined twice" for name in sorted(times) if times[name] > 1])

    def not_exported(self, folders, others):
        """Functions of ours that are not exported, but are called from code that is or may be
        a module."""
        callers = [self.object_of(path) for path in others
                   if not str(path).startswith(TTM) and self.object_of(path).exists()]
        called = {name for kind, name in symbols_of(callers) if kind == "U"}
        exported = {name.removeprefix(EXPORTED)
                    for _, name in symbols_of(self.objects_in(folders), EXPORTED)}
        return [f"{name}() is called but is not exported" for name in sorted(called - exported)]

    def header_problems(self, names):
        """The messages of kernel-doc about headers, which W=1 does not check, and the errors of
        API headers that do not compile on their own. DRM_HEADER_TEST is too broken for that."""
        headers = [name for name in names if name.endswith(".h")]
        if not headers:
            return []
        said = lines_of(["tools/docs/kernel-doc", "-none", "-Wall", "-Werror", *headers],
                        self.source)
        for header in headers:
            if header.startswith(API):
                said += self.alone(header)
        return said

    def alone(self, header):
        """Compile only a header, included twice, with the flags of a file of the first library."""
        made_by = self.objects / FOLDERS[0] / ".pfnmap_main.o.cmd"
        command = made_by.read_text(encoding="utf-8").splitlines()[0].split(" := ", 1)[1]
        flags = [word for word in shlex.split(command.split(" -c -o ", 1)[0])
                 if not word.startswith("-Wp,-MMD")]
        header = str(self.source / header)
        return lines_of([*flags, "-fsyntax-only", "-x", "c", "/dev/null",
                         "-include", header, "-include", header], self.objects)

    def build(self, with_modules):
        """Build the whole kernel, and its modules if asked to. Return only errors and messages
        about our files: others are not about the series."""
        said = self.make("bzImage", *["modules"] * with_modules)
        if not (self.objects / "arch/x86/boot/bzImage").exists():
            return said or ["make bzImage: there is none"]
        if not with_modules:
            # Modules of the tests are linked with this. 'make modules' would have made it.
            shutil.copy(self.objects / "vmlinux.symvers", self.objects / "Module.symvers")
        return [line for line in said if any(name in line for name in OURS) or "***" in line]
