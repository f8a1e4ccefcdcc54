// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../igt_shim.h"
#include "file.h"
#include "virtual_machine.h"

struct machine_words machine_words_of(uint64_t first, uint64_t length, uint32_t seed)
{
	return (struct machine_words){
		.first = first,
		.stride = HUGE_PAGE_SIZE,
		.count = length / HUGE_PAGE_SIZE,
		.mask = UINT32_MAX,
		.seed = seed,
	};
}

uint32_t machine_word(const struct machine_words *words, uint32_t index)
{
	return ((words->first + index * words->stride) & words->mask) ^ words->seed;
}

#define CODE_ADDRESS 0x1000
#define WRITE_AT 0
#define COMPARE_AT 32

enum slot {
	CODE_SLOT,
	MEMORY_SLOT,
};

/* Value in edx: guest address edi, mask esi, seed eax. Stride in ebx, words left in ecx. */
static const unsigned char write_code[] = {
	0x89, 0xfa,		/* mov edx, edi */
	0x21, 0xf2,		/* and edx, esi */
	0x31, 0xc2,		/* xor edx, eax */
	0x89, 0x17,		/* mov [edi], edx */
	0x01, 0xdf,		/* add edi, ebx */
	0xe2, 0xf4,		/* loop to the start */
	0xf4,			/* hlt */
};

static const unsigned char compare_code[] = {
	0x89, 0xfa,		/* mov edx, edi */
	0x21, 0xf2,		/* and edx, esi */
	0x31, 0xc2,		/* xor edx, eax */
	0x39, 0x17,		/* cmp [edi], edx */
	0x75, 0x04,		/* jne to the end */
	0x01, 0xdf,		/* add edi, ebx */
	0xe2, 0xf2,		/* loop to the start */
	0xf4,			/* hlt */
};

static void set_memory(struct virtual_machine *machine, enum slot slot, uint64_t guest_address,
		       void *address, uint64_t length)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = guest_address,
		.memory_size = length,
		.userspace_addr = (uintptr_t)address,
	};

	igt_assert_f(!ioctl(machine->machine, KVM_SET_USER_MEMORY_REGION, &region),
		     "KVM_SET_USER_MEMORY_REGION: %s\n", strerror(errno));
}

static void set_code(struct virtual_machine *machine)
{
	machine->code = mmap(NULL, HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(machine->code != MAP_FAILED);
	memcpy((char *)machine->code + WRITE_AT, write_code, sizeof(write_code));
	memcpy((char *)machine->code + COMPARE_AT, compare_code, sizeof(compare_code));
	set_memory(machine, CODE_SLOT, CODE_ADDRESS, machine->code, HUGE_PAGE_SIZE);
}

/* All 4 GiB, for instructions or for data. */
static struct kvm_segment flat_segment(unsigned int selector, unsigned int type)
{
	return (struct kvm_segment){
		.limit = UINT32_MAX,
		.selector = selector,
		.type = type,
		.present = 1,
		.db = 1,
		.s = 1,
		.g = 1,
	};
}

/* Protected mode, without paging. */
static void set_mode(struct virtual_machine *machine)
{
	const struct kvm_segment data = flat_segment(16, 3);
	struct kvm_sregs registers;

	igt_assert_eq(ioctl(machine->cpu, KVM_GET_SREGS, &registers), 0);
	registers.cr0 |= 1;
	registers.cs = flat_segment(8, 11);
	registers.ds = data;
	registers.es = data;
	registers.ss = data;
	igt_assert_eq(ioctl(machine->cpu, KVM_SET_SREGS, &registers), 0);
}

static bool has_kvm(void)
{
	if (access("/dev/kvm", R_OK | W_OK) &&
	    system("modprobe -q kvm-amd || modprobe -q kvm-intel"))
		return false;
	return !access("/dev/kvm", R_OK | W_OK);
}

void virtual_machine_start(struct virtual_machine *machine)
{
	int size;

	igt_require_f(has_kvm(), "kernel or CPU cannot run virtual machines\n");
	machine->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	igt_assert_f(machine->kvm >= 0, "/dev/kvm: %s\n", strerror(errno));
	machine->machine = ioctl(machine->kvm, KVM_CREATE_VM, 0);
	igt_assert_f(machine->machine >= 0, "KVM_CREATE_VM: %s\n", strerror(errno));
	machine->cpu = ioctl(machine->machine, KVM_CREATE_VCPU, 0);
	igt_assert_f(machine->cpu >= 0, "KVM_CREATE_VCPU: %s\n", strerror(errno));
	size = ioctl(machine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	machine->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, machine->cpu, 0);
	igt_assert(machine->run != MAP_FAILED);
	set_code(machine);
	set_mode(machine);
}

void virtual_machine_stop(struct virtual_machine *machine)
{
	if (!machine->code)
		return;
	munmap(machine->run, ioctl(machine->kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	close(machine->cpu);
	close(machine->machine);
	close(machine->kvm);
	munmap(machine->code, HUGE_PAGE_SIZE);
	*machine = (struct virtual_machine){};
}

void virtual_machine_give(struct virtual_machine *machine, uint64_t guest_address,
			  void *address, uint64_t length)
{
	set_memory(machine, MEMORY_SLOT, guest_address, address, length);
}

/* Until it halts: it can be ended by a signal, and goes on where it was. */
static int run(struct virtual_machine *machine)
{
	while (ioctl(machine->cpu, KVM_RUN, 0)) {
		if (errno != EINTR)
			return errno;
	}
	return machine->run->exit_reason == KVM_EXIT_HLT ? 0 : EPROTO;
}

static int run_code(struct virtual_machine *machine, const struct machine_words *words,
		    unsigned int code)
{
	struct kvm_regs registers = {
		.rip = CODE_ADDRESS + code,
		.rflags = 2,
		.rdi = words->first,
		.rbx = words->stride,
		.rcx = words->count,
		.rsi = words->mask,
		.rax = words->seed,
	};
	int error;

	if (ioctl(machine->cpu, KVM_SET_REGS, &registers))
		return errno;
	error = run(machine);
	if (error)
		return error;
	if (ioctl(machine->cpu, KVM_GET_REGS, &registers))
		return errno;
	return registers.rcx ? ERANGE : 0;
}

int virtual_machine_write(struct virtual_machine *machine, const struct machine_words *words)
{
	return run_code(machine, words, WRITE_AT);
}

int virtual_machine_compare(struct virtual_machine *machine, const struct machine_words *words)
{
	return run_code(machine, words, COMPARE_AT);
}

struct huge_levels virtual_machine_levels(const struct virtual_machine *machine)
{
	static const char *const names[] = { "4k", "2m", "1g" };
	struct huge_levels levels = {};
	char path[128];

	for (enum huge_level level = HUGE_PTE; level < HUGE_LEVELS; level++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-%d/pages_%s", getpid(),
			 machine->machine, names[level]);
		igt_assert_f(!access(path, R_OK), "%s: %s\n", path, strerror(errno));
		levels.entries[level] = number_in_file(path);
	}
	/* One is that of the code. */
	levels.entries[HUGE_PTE]--;
	return levels;
}
