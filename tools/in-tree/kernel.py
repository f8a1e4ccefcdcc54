# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel, or the drivers' folders of it, and say what was wrong."""

import os
import shlex
import shutil
import subprocess
from collections import Counter

from steps import HERE, SeriesError, run

FOLDERS = ("drivers/gpu/drm/pfnmap/", "drivers/gpu/drm/ttm_huge/", "drivers/gpu/drm/bigbar/")

# Who builds ttm_huge, once TTM has it inside.
TTM = "drivers/gpu/drm/ttm/"

# Folders of headers that have to stand alone.
API = ("include/linux/", "include/drm/")

# What the drivers' own names begin with.
OURS = ("pfnmap", "ttm_huge", "bigbar")

# What the name of an exported function has in front, as a symbol that says so.
EXPORTED = "__export_symbol_"


def lines_of(command, folder):
    """What a check says, a line each; nothing if all is well."""
    done = subprocess.run(command, cwd=folder, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={**os.environ, "CCACHE_DIR": "/lab/ccache", "GIT_DIR": "/nowhere"})
    said = [line for line in done.stdout.splitlines() if line.strip()]
    return said or ([f"{command[0]}: status {done.returncode}"] if done.returncode else [])


def symbols_of(objects, prefix=OURS):
    """Kind and name of those that begin so."""
    if not objects:
        return []
    symbols = [line.split()[-2:] for line in run(["nm", *objects]).splitlines()
               if len(line.split()) >= 2]
    return [(kind, name) for kind, name in symbols if name.startswith(prefix)]


class Kernel:
    """A source and the folder that it is built in."""

    def __init__(self, source, objects):
        self.source = source
        self.objects = objects
        self.config = objects / "config-with-drivers"

    def make(self, *arguments):
        """What make says, a line each; nothing if all is well."""
        return lines_of(["make", "-s", f"O={self.objects}", "CC=ccache gcc",
                         f"-j{os.cpu_count()}", "LOCALVERSION=", "KBUILD_BUILD_TIMESTAMP=@0",
                         "KBUILD_BUILD_USER=lab", "KBUILD_BUILD_HOST=lab", *arguments],
                        self.source)

    def configure(self):
        """Needs a source that has the drivers. Kept for one that has less."""
        self.objects.mkdir(parents=True, exist_ok=True)
        run([HERE.parent / "lab/kernel/configure", self.source, self.objects, "lab.config",
             HERE / "in-tree.config", HERE / "drivers.config"])
        shutil.copy(self.objects / ".config", self.config)

    def prepare(self):
        """All that the folders' first build would do besides."""
        said = self.make("prepare")
        if said:
            raise SeriesError(f"make prepare says: {said[-1]}")
        for folder in FOLDERS:
            shutil.rmtree(self.objects / folder, ignore_errors=True)

    def reconfigure(self):
        """After Kconfig has changed: without the options that the source lacks."""
        shutil.copy(self.config, self.objects / ".config")
        return self.make("olddefconfig")

    def build_drivers(self, changed):
        """Our folders, as far as the source has them, and what else a patch has changed,
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
        """Folders of the kernel that build one of ours."""
        makefile = (self.source / TTM / "Makefile").read_text(encoding="utf-8")
        return [TTM] if "ttm_huge" in makefile else []

    def object_of(self, path):
        """Of a source file."""
        return (self.objects / path).with_suffix(".o")

    def not_built(self, sources):
        """Sources without an object: make may have passed by the folder."""
        return [f"{path} was not compiled" for path in sources
                if not self.object_of(path).exists()]

    def objects_in(self, folders):
        """All that was built there."""
        return [path for folder in folders for path in (self.objects / folder).rglob("*.o")]

    def unlinkable(self, folders):
        """Functions of the drivers that are called and are not there yet, or that two
        files have: nothing is linked before the whole kernel is."""
        symbols = symbols_of(self.objects_in(folders))
        called = {name for kind, name in symbols if kind == "U"}
        defined = {name for kind, name in symbols if kind != "U"}
        times = Counter(name for kind, name in symbols if kind == "T")
        return ([f"{name}() is called and is not there" for name in sorted(called - defined)] +
                [f"{name}() is there twice" for name in sorted(times) if times[name] > 1])

    def not_exported(self, folders, others):
        """Functions of ours that are called from elsewhere, where that is or may be a
        module, and that are not exported."""
        callers = [self.object_of(path) for path in others
                   if not str(path).startswith(TTM) and self.object_of(path).exists()]
        called = {name for kind, name in symbols_of(callers) if kind == "U"}
        exported = {name.removeprefix(EXPORTED)
                    for _, name in symbols_of(self.objects_in(folders), EXPORTED)}
        return [f"{name}() is called and is not exported" for name in sorted(called - exported)]

    def header_problems(self, names):
        """What kernel-doc says of headers, as W=1 asks it of other files only; and whether
        those of the API stand alone, which DRM_HEADER_TEST is too broken to find out."""
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
        """Compile a header, twice, and nothing else, as a file of the first library is."""
        made_by = self.objects / FOLDERS[0] / ".pfnmap_main.o.cmd"
        command = made_by.read_text(encoding="utf-8").splitlines()[0].split(" := ", 1)[1]
        flags = [word for word in shlex.split(command.split(" -c -o ", 1)[0])
                 if not word.startswith("-Wp,-MMD")]
        header = str(self.source / header)
        return lines_of([*flags, "-fsyntax-only", "-x", "c", "/dev/null",
                         "-include", header, "-include", header], self.objects)

    def build(self, with_modules):
        """The whole kernel, and its modules if they are asked for. What it says of others'
        code is not about the series."""
        said = self.make("bzImage", *["modules"] * with_modules)
        if not (self.objects / "arch/x86/boot/bzImage").exists():
            return said or ["make bzImage: there is none"]
        if not with_modules:
            # What modules of the tests are linked with. It would have that of the others.
            shutil.copy(self.objects / "vmlinux.symvers", self.objects / "Module.symvers")
        return [line for line in said if any(name in line for name in OURS) or "***" in line]
