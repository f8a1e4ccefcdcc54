# SPDX-License-Identifier: GPL-2.0-only
"""What a GPU reads and writes: its VRAM, the memory of the guest, and the page tables by which
it finds either."""

import bisect
import collections
import mmap
import os

from registers import Reg

PAGE = 4096

# Bits of an entry of the GPU's page tables.
VALID, SYSTEM, READABLE, WRITABLE = 1 << 0, 1 << 1, 1 << 5, 1 << 6
ADDRESS = ((1 << 40) - 1) & ~(PAGE - 1)

ENABLE_CONTEXT = 0x1
FILL_BYTES = 1 << 16


class Miss(Exception):
    """An address that no page table of the GPU maps."""

    def __init__(self, vmid, address, write, why):
        super().__init__(f"VMID {vmid}, {'write' if write else 'read'} of {address:#x}: {why}")
        self.vmid = vmid
        self.address = address
        self.write = write


class Store:
    """Bytes of a file that this process has mapped."""

    def __init__(self, file, size, offset=0):
        self.size = size
        self._map = mmap.mmap(file, size, offset=offset)
        self._view = memoryview(self._map)

    def view(self, offset, size):
        """The bytes of a part, to read or to write."""
        return self._view[offset:offset + size]

    def fill(self, offset, size, pattern):
        """Repeat a pattern, which fits 64 KiB."""
        block = pattern * (FILL_BYTES // len(pattern))
        for at in range(offset, offset + size, FILL_BYTES):
            count = min(FILL_BYTES, offset + size - at)
            self._view[at:at + count] = block[:count]

    def close(self):
        """Unmap the file."""
        self._view.release()
        self._map.close()


class Vram(Store):
    """A file in memory, which the guest maps, too. It takes memory only where it has something
    else than zeros."""

    def __init__(self, size):
        self.file = os.memfd_create("vram")
        os.ftruncate(self.file, size)
        super().__init__(self.file, size)

    def fill(self, offset, size, pattern):
        """Zeros need no memory: give it back."""
        if any(pattern):
            super().fill(offset, size, pattern)
            return
        first = -(-offset // PAGE) * PAGE
        last = (offset + size) // PAGE * PAGE
        if first < last:
            self._map.madvise(mmap.MADV_REMOVE, first, last - first)
            super().fill(offset, first - offset, pattern)
            super().fill(last, offset + size - last, pattern)
        else:
            super().fill(offset, size, pattern)

    def clear(self):
        """Make all of it zeros."""
        self.fill(0, self.size, bytes(4))

    def close(self):
        """Give all of it back."""
        super().close()
        os.close(self.file)


class CarvedVram:
    """VRAM that is a part of the guest's memory, as that of an APU is."""

    file = None

    def __init__(self, size, guest, address):
        self.size = size
        self._guest = guest
        self._address = address

    def _run(self, offset, size):
        runs = self._guest.runs(self._address + offset, size)
        if runs is None or len(runs) != 1:
            raise Miss(0, self._address + offset, False,
                       "VRAM is in the guest's memory, and the guest has none there: give it more")
        return runs[0]

    def view(self, offset, size):
        """The bytes of a part, to read or to write."""
        run = self._run(offset, size)
        return run.store.view(run.offset, run.size)

    def fill(self, offset, size, pattern):
        """Repeat a pattern."""
        run = self._run(offset, size)
        run.store.fill(run.offset, run.size, pattern)

    def clear(self):
        """The guest's memory is gone with the guest."""

    def close(self):
        """There is nothing to give back."""


# A part of a store.
Run = collections.namedtuple("Run", "store offset size")


class GuestMemory:
    """The memory of the guest, by its physical addresses, as far as QEMU has told of it."""

    def __init__(self):
        self._starts = []
        self._parts = []    # (size, store, or None if QEMU has sent no file)

    def map(self, address, size, file, offset):
        """QEMU tells of memory. Without a file this process cannot reach it."""
        at = bisect.bisect_left(self._starts, address)
        self._starts.insert(at, address)
        self._parts.insert(at, (size, None if file is None else Store(file, size, offset)))

    def unmap(self, address, size):
        """QEMU takes back what lies in a range."""
        first = bisect.bisect_left(self._starts, address)
        last = bisect.bisect_left(self._starts, address + size)
        for _, store in self._parts[first:last]:
            if store:
                store.close()
        del self._starts[first:last], self._parts[first:last]

    def unmap_all(self):
        """QEMU takes back everything, or is gone."""
        self.unmap(0, 1 << 64)

    def runs(self, address, size):
        """The parts of stores for a range; None if it is no memory, or out of reach."""
        found = []
        while size:
            at = bisect.bisect_right(self._starts, address) - 1
            inside = address - self._starts[at] if at >= 0 else 0
            if at < 0 or inside >= self._parts[at][0] or not self._parts[at][1]:
                return None
            count = min(size, self._parts[at][0] - inside)
            found.append(Run(self._parts[at][1], inside, count))
            address += count
            size -= count
        return found


class Memory:
    """All that the GPU can address, translated as its registers say."""

    def __init__(self, registers, vram, guest):
        self._registers = registers
        self._vram = vram
        self._guest = guest

    def _vram_offset(self, address):
        """Where an address of the memory controller is in VRAM, if it is."""
        base = (self._registers[Reg.MC_VM_FB_LOCATION] & 0xffff) << 24
        return address - base if base <= address < base + self._vram.size else None

    def _table(self, address, index, count):
        """Entries of a page table, which is in VRAM."""
        offset = self._vram_offset(address + 8 * index)
        if offset is None or offset + 8 * count > self._vram.size:
            return None
        return self._vram.view(offset, 8 * count).cast("Q").tolist()

    def _flat(self, base, start, page, count):
        return self._table(self._registers[base] << 12, page - self._registers[start], count)

    def _by_gart(self, page, count):
        """Entries of the kernel's own page table."""
        registers = self._registers
        if not (registers[Reg.VM_CONTEXT0_CNTL] & ENABLE_CONTEXT
                and registers[Reg.VM_CONTEXT0_PAGE_TABLE_START_ADDR] <= page
                and page + count - 1 <= registers[Reg.VM_CONTEXT0_PAGE_TABLE_END_ADDR]):
            return None
        return self._flat(Reg.VM_CONTEXT0_PAGE_TABLE_BASE_ADDR,
                          Reg.VM_CONTEXT0_PAGE_TABLE_START_ADDR, page, count)

    def _by_process(self, vmid, page, count):
        """Entries of the page tables of a process: a directory, and tables in VRAM."""
        control = self._registers[Reg.VM_CONTEXT1_CNTL]
        if not control & ENABLE_CONTEXT:
            return None
        base = Reg.VM_CONTEXT0_PAGE_TABLE_BASE_ADDR if vmid < 8 \
            else Reg.VM_CONTEXT8_PAGE_TABLE_BASE_ADDR - 8
        if not control >> 1 & 3:
            return self._flat(base + vmid, Reg.VM_CONTEXT1_PAGE_TABLE_START_ADDR, page, count)
        bits = 9 + (control >> 24 & 0xf)
        found = []
        while len(found) < count:
            here = page + len(found)
            index = here & ((1 << bits) - 1)
            directory = self._table(self._registers[base + vmid] << 12, here >> bits, 1)
            if not directory or not directory[0] & VALID:
                return None
            entries = self._table(directory[0] & ADDRESS, index,
                                  min(count - len(found), (1 << bits) - index))
            if entries is None:
                return None
            found += entries
        return found

    def _pieces(self, vmid, address, size, write):
        """What the entries say: [is in the guest, physical address, size], merged."""
        page, inside = divmod(address, PAGE)
        count = -(-(inside + size) // PAGE)
        entries = self._by_process(vmid, page, count) if vmid else self._by_gart(page, count)
        if entries is None:
            raise Miss(vmid, address, write, "no page table has it")
        wanted = VALID | (WRITABLE if write else READABLE)
        pieces = []
        for at, entry in enumerate(entries):
            if entry & wanted != wanted:
                raise Miss(vmid, (page + at) * PAGE, write, f"its entry is {entry:#x}")
            system, physical = bool(entry & SYSTEM), entry & ADDRESS
            if pieces and pieces[-1][0] == system and sum(pieces[-1][1:]) == physical:
                pieces[-1][2] += PAGE
            else:
                pieces.append([system, physical, PAGE])
        pieces[0][1] += inside
        pieces[0][2] -= inside
        pieces[-1][2] -= count * PAGE - inside - size
        return pieces

    def runs(self, vmid, address, size, write=False):
        """The parts of stores for a range of the GPU's addresses. Raises Miss."""
        if not size:
            return []
        offset = None if vmid else self._vram_offset(address)
        if offset is not None:
            if offset + size > self._vram.size:
                raise Miss(vmid, address, write, "it goes beyond VRAM")
            return [Run(self._vram, offset, size)]
        found = []
        for system, physical, count in self._pieces(vmid, address, size, write):
            found += self._physical(vmid, address, write, system, physical, count)
        return found

    def _physical(self, vmid, address, write, system, physical, size):
        if system:
            found = self._guest.runs(physical, size)
            if found is None:
                raise Miss(vmid, address, write, f"the guest's memory at {physical:#x} has no "
                           "file: QEMU needs memory-backend-memfd with share=on")
            return found
        offset = physical - (self._registers[Reg.MC_VM_FB_OFFSET] << 22)
        if not 0 <= offset <= self._vram.size - size:
            raise Miss(vmid, address, write, f"{physical:#x} is beyond VRAM")
        return [Run(self._vram, offset, size)]

    def read(self, vmid, address, size):
        """The bytes of a range."""
        return b"".join(run.store.view(run.offset, run.size)
                        for run in self.runs(vmid, address, size))

    def write(self, vmid, address, data):
        """Change the bytes of a range."""
        at = 0
        for run in self.runs(vmid, address, len(data), write=True):
            run.store.view(run.offset, run.size)[:] = data[at:at + run.size]
            at += run.size

    def fill(self, vmid, address, size, pattern):
        """Repeat a pattern in a range."""
        for run in self.runs(vmid, address, size, write=True):
            run.store.fill(run.offset, run.size, pattern)

    def copy(self, vmid, source, target, size):
        """Copy a range to another one."""
        views = [[run.store.view(run.offset, run.size) for run in runs] for runs in (
            self.runs(vmid, source, size), self.runs(vmid, target, size, write=True))]
        sources, targets = views
        while sources:
            count = min(len(sources[0]), len(targets[0]))
            targets[0][:count] = sources[0][:count]
            for rest in views:
                rest[0] = rest[0][count:]
                if not rest[0]:
                    del rest[0]
