# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel, or the drivers' folders of it, and say what was wrong."""

import os
import shlex
import shutil
import subprocess

from steps import HERE, SeriesError, run

FOLDERS = ("drivers/gpu/drm/ttm_huge/", "drivers/gpu/drm/bigbar/")

# What the drivers' own names begin with.
OURS = ("ttm_huge", "bigbar")


def lines_of(command, folder):
    """What a check says, a line each; nothing if all is well."""
    done = subprocess.run(command, cwd=folder, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={**os.environ, "CCACHE_DIR": "/lab/ccache", "GIT_DIR": "/nowhere"})
    said = [line for line in done.stdout.splitlines() if line.strip()]
    return said or ([f"{command[0]}: status {done.returncode}"] if done.returncode else [])


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
             HERE / "in-tree.config"])
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

    def build_folders(self):
        """With W=1, as far as the source has them."""
        folders = [folder for folder in FOLDERS if (self.source / folder).exists()]
        return (self.make("W=1", *folders) or
                self.not_built(folders) + self.undefined(folders))

    def not_built(self, folders):
        """Sources without an object: make may have passed by the folder."""
        return [f"{path.relative_to(self.source)} was not compiled" for folder in folders
                for path in sorted((self.source / folder).rglob("*.c"))
                if not (self.objects / path.relative_to(self.source)).with_suffix(".o").exists()]

    def undefined(self, folders):
        """Functions of the drivers that are called and are not there yet."""
        objects = [path for folder in folders
                   for path in (self.objects / folder).rglob("*.o")]
        symbols = [line.split()[-2:] for line in run(["nm", *objects]).splitlines()
                   if len(line.split()) >= 2 and line.split()[-1].startswith(OURS)]
        defined = {name for kind, name in symbols if kind != "U"}
        return [f"{name}() is called and is not there"
                for name in sorted({name for kind, name in symbols if kind == "U"} - defined)]

    def header_problems(self, names):
        """What kernel-doc says of headers, as W=1 asks it of other files only; and whether
        those of the API stand alone, which DRM_HEADER_TEST is too broken to find out."""
        headers = [name for name in names if name.endswith(".h")]
        if not headers:
            return []
        said = lines_of(["tools/docs/kernel-doc", "-none", "-Wall", "-Werror", *headers],
                        self.source)
        for header in headers:
            if header.startswith("include/drm/"):
                said += self.alone(header)
        return said

    def alone(self, header):
        """Compile a header, twice, and nothing else, as a file of the library is."""
        made_by = self.objects / FOLDERS[0] / ".ttm_huge_device.o.cmd"
        command = made_by.read_text(encoding="utf-8").splitlines()[0].split(" := ", 1)[1]
        flags = [word for word in shlex.split(command.split(" -c -o ", 1)[0])
                 if not word.startswith("-Wp,-MMD")]
        header = str(self.source / header)
        return lines_of([*flags, "-fsyntax-only", "-x", "c", "/dev/null",
                         "-include", header, "-include", header], self.objects)

    def build(self):
        """The whole kernel. What it says of others' code is not about the series."""
        said = self.make("bzImage", "modules")
        if not (self.objects / "arch/x86/boot/bzImage").exists():
            return said or ["make bzImage: there is none"]
        return [line for line in said if any(name in line for name in OURS) or "***" in line]
