# SPDX-License-Identifier: GPL-2.0-only
"""The registers of a GPU with CIK's blocks: their numbers, as in the headers of amdgpu (gmc_7_1,
oss_2_0, bif_4_1, gfx_7_2), and what is in them."""

# The second SDMA engine has the registers of the first, so much further on.
SDMA1_OFFSET = 0x200


class Reg:
    """Numbers of registers: a quarter of their addresses in BAR 5."""
    # pylint: disable=too-few-public-methods
    MM_INDEX, MM_DATA, MM_INDEX_HI = 0x0, 0x1, 0x6
    PCIE_INDEX, PCIE_DATA = 0xe, 0xf
    SMC_IND_INDEX_0, SMC_IND_DATA_0 = 0x80, 0x81
    SRBM_GFX_CNTL, SRBM_STATUS2, SRBM_STATUS, SRBM_SOFT_RESET = 0x391, 0x393, 0x394, 0x398

    VM_L2_CNTL, VM_L2_CNTL2, VM_L2_CNTL3 = 0x500, 0x501, 0x502
    VM_CONTEXT0_CNTL, VM_CONTEXT1_CNTL = 0x504, 0x505
    VM_CONTEXT0_CNTL2, VM_CONTEXT1_CNTL2 = 0x50c, 0x50d
    VM_CONTEXT8_PAGE_TABLE_BASE_ADDR = 0x50e
    VM_INVALIDATE_REQUEST, VM_INVALIDATE_RESPONSE = 0x51e, 0x51f
    VM_CONTEXT1_PROTECTION_FAULT_STATUS = 0x537
    VM_CONTEXT1_PROTECTION_FAULT_MCCLIENT = 0x539
    VM_CONTEXT1_PROTECTION_FAULT_ADDR = 0x53f
    VM_CONTEXT0_PROTECTION_FAULT_DEFAULT_ADDR = 0x546
    VM_CONTEXT1_PROTECTION_FAULT_DEFAULT_ADDR = 0x547
    VM_CONTEXT0_PAGE_TABLE_BASE_ADDR = 0x54f
    VM_CONTEXT0_PAGE_TABLE_START_ADDR, VM_CONTEXT1_PAGE_TABLE_START_ADDR = 0x557, 0x558
    VM_CONTEXT0_PAGE_TABLE_END_ADDR, VM_CONTEXT1_PAGE_TABLE_END_ADDR = 0x55f, 0x560

    BIOS_SCRATCH_7 = 0x5d0

    MC_SHARED_CHMAP, MC_VM_FB_LOCATION = 0x801, 0x809
    MC_VM_AGP_TOP, MC_VM_AGP_BOT, MC_VM_AGP_BASE = 0x80a, 0x80b, 0x80c
    MC_VM_SYSTEM_APERTURE_LOW_ADDR, MC_VM_SYSTEM_APERTURE_HIGH_ADDR = 0x80d, 0x80e
    MC_VM_SYSTEM_APERTURE_DEFAULT_ADDR = 0x80f
    MC_VM_MX_L1_TLB_CNTL, MC_VM_FB_OFFSET = 0x819, 0x81a
    MC_SHARED_BLACKOUT_CNTL, MC_ARB_RAMCFG = 0x82b, 0x9d8

    GRBM_SOFT_RESET, CP_MEC_CNTL, CP_ME_CNTL, CP_RB0_RPTR = 0x2008, 0x208d, 0x21b6, 0x21c0
    CP_RB0_BASE, CP_RB0_CNTL, CP_RB0_RPTR_ADDR, CP_RB0_RPTR_ADDR_HI = 0x3040, 0x3041, 0x3043, 0x3044
    CP_RB0_WPTR, CP_INT_CNTL_RING0, CP_ME1_PIPE0_INT_CNTL = 0x3045, 0x306a, 0x3085
    CP_RB0_BASE_HI, RLC_GPM_STAT, RLC_GPR_REG2 = 0x30b1, 0x3100, 0x313a
    CP_HQD_ACTIVE, CP_HQD_PQ_BASE, CP_HQD_PQ_BASE_HI = 0x3247, 0x324d, 0x324e
    CP_HQD_PQ_RPTR, CP_HQD_PQ_RPTR_REPORT_ADDR = 0x324f, 0x3250
    CP_HQD_PQ_RPTR_REPORT_ADDR_HI, CP_HQD_PQ_DOORBELL_CONTROL = 0x3251, 0x3254
    CP_HQD_PQ_WPTR, CP_HQD_PQ_CONTROL, CP_HQD_DEQUEUE_REQUEST = 0x3255, 0x3256, 0x325d
    SCRATCH_REG0 = 0xc040

    HDP_HOST_PATH_CNTL, HDP_DEBUG0, HDP_MISC_CNTL, HDP_MEM_POWER_LS = 0xb00, 0xbcc, 0xbd3, 0xbd4
    ATC_VMID0_PASID_MAPPING = 0xce7

    IH_VMID_0_LUT = 0xf50
    IH_RB_CNTL, IH_RB_BASE, IH_RB_RPTR, IH_RB_WPTR = 0xf80, 0xf81, 0xf82, 0xf83
    IH_RB_WPTR_ADDR_HI, IH_RB_WPTR_ADDR_LO, IH_CNTL = 0xf84, 0xf85, 0xf86

    BUS_CNTL, CONFIG_CNTL, CONFIG_MEMSIZE = 0x1508, 0x1509, 0x150a
    INTERRUPT_CNTL, INTERRUPT_CNTL2 = 0x151a, 0x151b
    HDP_MEM_COHERENCY_FLUSH_CNTL, BIF_FB_EN = 0x1520, 0x1524
    HDP_REG_COHERENCY_FLUSH_CNTL = 0x1528
    GPU_HDP_FLUSH_REQ, GPU_HDP_FLUSH_DONE = 0x1537, 0x1538
    CC_DRM_ID_STRAPS = 0x1559

    SDMA0_UCODE_ADDR, SDMA0_UCODE_DATA, SDMA0_POWER_CNTL = 0x3400, 0x3401, 0x3402
    SDMA0_CLK_CTRL, SDMA0_CNTL, SDMA0_CHICKEN_BITS = 0x3403, 0x3404, 0x3405
    SDMA0_TILING_CONFIG, SDMA0_SEM_INCOMPLETE_TIMER_CNTL = 0x3406, 0x3408
    SDMA0_SEM_WAIT_FAIL_TIMER_CNTL, SDMA0_STATUS_REG, SDMA0_F32_CNTL = 0x3409, 0x340d, 0x3412
    SDMA0_PHASE0_QUANTUM, SDMA0_PHASE1_QUANTUM = 0x3414, 0x3415
    SDMA0_GFX_RB_CNTL, SDMA0_GFX_RB_BASE, SDMA0_GFX_RB_BASE_HI = 0x3480, 0x3481, 0x3482
    SDMA0_GFX_RB_RPTR, SDMA0_GFX_RB_WPTR = 0x3483, 0x3484
    SDMA0_GFX_RB_RPTR_ADDR_HI, SDMA0_GFX_RB_RPTR_ADDR_LO = 0x3488, 0x3489
    SDMA0_GFX_IB_CNTL, SDMA0_GFX_IB_RPTR, SDMA0_GFX_IB_OFFSET = 0x348a, 0x348b, 0x348c
    SDMA0_GFX_VIRTUAL_ADDR, SDMA0_GFX_APE1_CNTL = 0x34a7, 0x34a8


def all_names():
    """The names of registers by number."""
    names = {number: name for name, number in vars(Reg).items() if name.isupper()}
    for number, name in list(names.items()):
        if name.startswith("SDMA0_"):
            names[number + SDMA1_OFFSET] = name.replace("SDMA0_", "SDMA1_", 1)
    for vmid in range(1, 16):
        base = Reg.VM_CONTEXT0_PAGE_TABLE_BASE_ADDR if vmid < 8 \
            else Reg.VM_CONTEXT8_PAGE_TABLE_BASE_ADDR - 8
        names[base + vmid] = f"VM_CONTEXT{vmid}_PAGE_TABLE_BASE_ADDR"
        names[Reg.IH_VMID_0_LUT + vmid] = f"IH_VMID_{vmid}_LUT"
    return names


NAMES = all_names()

# Registers that are reached through a pair of registers, their number and their contents.
BEHIND = {Reg.PCIE_DATA: Reg.PCIE_INDEX, Reg.SMC_IND_DATA_0: Reg.SMC_IND_INDEX_0}

# Registers that each queue for computing has: those of the queue that SRBM_GFX_CNTL names.
BANKED = range(0x3240, 0x3268)

# A register that is read more often than this in vain is a register that is waited for; then
# only some reads are written to the trace.
PATIENCE = 16


def name_of(number):
    """A register in the trace."""
    return NAMES.get(number, f"{number:#06x}")


class Bank:
    """The registers of a queue for computing."""

    def __init__(self, values, place):
        self._values = values
        self._place = place

    def __getitem__(self, number):
        return self._values.get((number, self._place), 0)

    def __setitem__(self, number, value):
        self._values[number, self._place] = value & 0xffffffff


class Registers:
    """What is in the registers. A register that nobody has written to has 0."""

    def __init__(self, log):
        self._log = log
        self._values = {}
        self._behind = {}
        self._fixed = {}
        self._reads = {}
        self._on_read = {}
        self._on_write = {}
        for data in BEHIND:
            self._on_read[data] = lambda data=data: self._behind.get(self._index(data), 0)
            self._on_write[data] = \
                lambda value, data=data: self._behind.__setitem__(self._index(data), value)

    def _index(self, data):
        index = BEHIND[data]
        return index, self[index]

    @property
    def selected(self):
        """ME, pipe and queue of those registers that queues have."""
        select = self._values.get(Reg.SRBM_GFX_CNTL, 0)
        return select >> 2 & 3, select & 3, select >> 8 & 7

    def bank(self, *place):
        """Those that a queue has: of which ME, pipe and queue."""
        return Bank(self._values, place)

    def _key(self, number):
        return (number, self.selected) if number in BANKED else number

    def __getitem__(self, number):
        return self._values.get(self._key(number), 0)

    def __setitem__(self, number, value):
        self._values[self._key(number)] = value & 0xffffffff

    def reset(self, fixed, preset):
        """Forget all that was written. fixed, preset: what registers have that cannot be written
        to, and others."""
        self._values.clear()
        self._behind.clear()
        self._reads.clear()
        self._fixed = fixed
        self._values.update(fixed)
        self._values.update(preset)

    def on_read(self, number, function):
        """Have a function called that returns what the driver reads."""
        self._on_read[number] = function

    def on_write(self, number, function):
        """Have a function called with what the driver has written."""
        self._on_write[number] = function

    def read(self, number):
        """The driver reads a register."""
        function = self._on_read.get(number)
        value = function() if function else self[number]
        self._trace_read(number, value)
        return value

    def write(self, number, value):
        """The driver, or an engine, writes a register."""
        self._log.say(f"write {name_of(number)} {value:#x}")
        self._reads.clear()
        if number in self._fixed:
            return
        self[number] = value
        function = self._on_write.get(number)
        if function:
            function(value)

    def _trace_read(self, number, value):
        key = number, value
        count = self._reads[key] = self._reads.get(key, 0) + 1
        if count <= PATIENCE:
            self._log.say(f"read  {name_of(number)} {value:#x}")
        elif not count & (count - 1):
            self._log.say(f"read  {name_of(number)} {value:#x}, {count} times")
