// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests of races: pauses a thread at an instruction of a kernel function, so that
 * other threads can do something meanwhile. A test that does this at all instructions
 * that a function executes has been in each window that there is.
 *
 * Commands are written to the debugfs file. Only one test at a time can use it.
 *
 * "probe FUNCTION"	has to come first; probes each instruction of FUNCTION. Repeated for
 *			more functions
 * "stop N MS"		the writing thread is paused for MS milliseconds when it comes to its
 *			Nth of those instructions, and keeps its processor busy meanwhile, with
 *			interrupts off
 * "wait MS"		returns when that thread is paused; fails with ETIME if the pause is
 *			over, with ECANCELED if no pause is to come, and with ETIMEDOUT after MS
 *			milliseconds
 * "release"		ends the pause, or cancels it; fails with ECANCELED if the thread
 *			has not come to its Nth instruction
 * "check"		fails with ETIME if the pause was over before it was released
 * "end"		removes all probes
 *
 * A thread of higher priority that is runnable on the same processor preempts the paused
 * one as soon as the pause is over and the kernel allows it.
 */

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "command.h"

/* Longer pauses would be taken for lockups. */
#define PAUSER_MOST_MS 2000

enum pauser_state {
	PAUSER_OFF,
	PAUSER_ARMED,
	PAUSER_PAUSED,
	PAUSER_OVER,
	PAUSER_EXPIRED,
};

/* The probes of a function. */
struct pauser_function {
	struct list_head link;
	unsigned int count;
	struct kprobe **registered;
	struct kprobe *probes;
};

static struct dentry *pauser_file;

/* Protects the list of functions, and "stop"; "wait" and "release" do not take it. */
static DEFINE_MUTEX(pauser_lock);
static LIST_HEAD(pauser_functions);

/* Written before the state becomes PAUSER_ARMED. */
static struct task_struct *pauser_task;
static unsigned int pauser_instruction;
static u64 pauser_duration;
static atomic_t pauser_state = ATOMIC_INIT(PAUSER_OFF);

/* Instructions that the thread that is to be paused has come to. */
static unsigned int pauser_hits;

/* The clock is rarely read: in a virtual machine that is slow, and delays other readers. */
static void pauser_pause(void)
{
	u64 end = ktime_get_mono_fast_ns() + pauser_duration;
	unsigned int i;

	do {
		for (i = 0; i < 100; i++) {
			if (atomic_read(&pauser_state) != PAUSER_PAUSED)
				return;
			cpu_relax();
		}
	} while (ktime_get_mono_fast_ns() < end);
}

static int pauser_hit(struct kprobe *probe, struct pt_regs *regs)
{
	if (atomic_read_acquire(&pauser_state) != PAUSER_ARMED || current != pauser_task ||
	    ++pauser_hits != pauser_instruction)
		return 0;
	if (atomic_cmpxchg(&pauser_state, PAUSER_ARMED, PAUSER_PAUSED) != PAUSER_ARMED)
		return 0;
	pauser_pause();
	atomic_cmpxchg(&pauser_state, PAUSER_PAUSED, PAUSER_EXPIRED);
	return 0;
}

/* A probe with a post handler does not become a jump, which would leave interrupts on. */
static void pauser_after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static void pauser_free(struct pauser_function *function)
{
	kvfree(function->registered);
	kvfree(function->probes);
	kvfree(function);
}

static void pauser_end(void)
{
	struct pauser_function *function, *next;

	atomic_set(&pauser_state, PAUSER_OFF);
	list_for_each_entry_safe(function, next, &pauser_functions, link) {
		list_del(&function->link);
		/* All at once, because each call waits for a grace period. */
		unregister_kprobes(function->registered, function->count);
		pauser_free(function);
	}
}

/* Where a function begins, and its size; false if the kernel does not have it. */
static bool pauser_find(const char *name, unsigned long *start, unsigned long *size)
{
	struct kprobe first = { .symbol_name = name };
	char text[KSYM_SYMBOL_LEN];
	unsigned long offset;
	char *plus;

	if (register_kprobe(&first))
		return false;
	sprint_symbol(text, (unsigned long)first.addr);
	plus = strchr(text, '+');
	if (!plus || sscanf(plus, "+%lx/%lx", &offset, size) != 2)
		*size = 0;
	else
		*start = (unsigned long)first.addr - offset;
	unregister_kprobe(&first);
	return *size;
}

/*
 * Jump labels and the like cannot be probed, nor can the middle of an instruction. The
 * kernel moves a probe on the first instruction to the one that traces the function's
 * entry: these two have one probe.
 */
static void pauser_register(struct pauser_function *function, unsigned long start,
			    unsigned long size)
{
	unsigned long offset = 0;

	while (offset < size) {
		struct kprobe *probe = &function->probes[function->count];

		memset(probe, 0, sizeof(*probe));
		probe->addr = (kprobe_opcode_t *)(start + offset);
		probe->pre_handler = pauser_hit;
		probe->post_handler = pauser_after;
		if (register_kprobe(probe)) {
			offset++;
			continue;
		}
		offset += max(probe->ainsn.size, 1);
		if (function->count && probe->addr == probe[-1].addr)
			unregister_kprobe(probe);
		else
			function->registered[function->count++] = probe;
		cond_resched();
	}
}

static int pauser_probe(const char *name)
{
	struct pauser_function *function;
	unsigned long start, size;

	if (!pauser_find(name, &start, &size))
		return -ENOENT;
	function = kvcalloc(1, sizeof(*function), GFP_KERNEL);
	if (!function)
		return -ENOMEM;
	function->probes = kvcalloc(size, sizeof(*function->probes), GFP_KERNEL);
	function->registered = kvcalloc(size, sizeof(*function->registered), GFP_KERNEL);
	if (!function->probes || !function->registered) {
		pauser_free(function);
		return -ENOMEM;
	}
	pauser_register(function, start, size);
	list_add_tail(&function->link, &pauser_functions);
	return 0;
}

static int pauser_stop(unsigned int instruction, unsigned int duration_ms)
{
	if (!instruction || duration_ms > PAUSER_MOST_MS)
		return -EINVAL;
	if (list_empty(&pauser_functions))
		return -ENOENT;
	atomic_set(&pauser_state, PAUSER_OFF);
	pauser_task = current;
	pauser_instruction = instruction;
	pauser_duration = (u64)duration_ms * NSEC_PER_MSEC;
	pauser_hits = 0;
	atomic_set_release(&pauser_state, PAUSER_ARMED);
	return 0;
}

static int pauser_wait(unsigned int timeout_ms)
{
	u64 end = ktime_get_ns() + (u64)timeout_ms * NSEC_PER_MSEC;

	while (atomic_read(&pauser_state) == PAUSER_ARMED) {
		if (ktime_get_ns() > end)
			return -ETIMEDOUT;
		usleep_range(100, 200);
	}
	switch (atomic_read(&pauser_state)) {
	case PAUSER_PAUSED:
		return 0;
	case PAUSER_OVER:
	case PAUSER_EXPIRED:
		return -ETIME;
	default:
		return -ECANCELED;
	}
}

static int pauser_release(void)
{
	atomic_cmpxchg(&pauser_state, PAUSER_PAUSED, PAUSER_OVER);
	atomic_cmpxchg(&pauser_state, PAUSER_ARMED, PAUSER_OFF);
	return atomic_read(&pauser_state) < PAUSER_OVER ? -ECANCELED : 0;
}

static int pauser_command_locked(const char *text)
{
	unsigned int instruction, duration_ms;
	char name[128];

	lockdep_assert_held(&pauser_lock);
	if (sscanf(text, "stop %u %u", &instruction, &duration_ms) == 2)
		return pauser_stop(instruction, duration_ms);
	if (sscanf(text, "probe %127s", name) == 1)
		return pauser_probe(name);
	if (strcmp(text, "end"))
		return -EINVAL;
	pauser_end();
	return 0;
}

static int pauser_command(const char *text)
{
	unsigned int timeout_ms;
	int ret;

	if (sscanf(text, "wait %u", &timeout_ms) == 1)
		return pauser_wait(timeout_ms);
	if (!strcmp(text, "release"))
		return pauser_release();
	if (!strcmp(text, "check"))
		return atomic_read(&pauser_state) == PAUSER_EXPIRED ? -ETIME : 0;
	mutex_lock(&pauser_lock);
	ret = pauser_command_locked(text);
	mutex_unlock(&pauser_lock);
	return ret;
}

static ssize_t pauser_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	char text[160];
	int ret;

	ret = command_read(text, sizeof(text), from, len);
	return ret ?: pauser_command(text) ?: len;
}

static const struct file_operations pauser_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = pauser_write,
};

static int __init pauser_init(void)
{
	pauser_file = debugfs_create_file("pauser", 0200, NULL, NULL, &pauser_fops);
	return PTR_ERR_OR_ZERO(pauser_file);
}
module_init(pauser_init);

static void __exit pauser_exit(void)
{
	debugfs_remove(pauser_file);
	pauser_end();
}
module_exit(pauser_exit);

MODULE_DESCRIPTION("Pauses a thread at an instruction of a kernel function");
MODULE_LICENSE("GPL");
