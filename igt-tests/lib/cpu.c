// SPDX-License-Identifier: MIT

#include "../igt_shim.h"
#include "cpu.h"

cpu_set_t cpus_allowed(void)
{
	cpu_set_t cpus;

	igt_assert_eq(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	return cpus;
}

void run_on_cpus(const cpu_set_t *cpus)
{
	igt_assert_eq(sched_setaffinity(0, sizeof(*cpus), cpus), 0);
}

void run_on_cpu(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	run_on_cpus(&one);
}

void run_on_nth_cpu(const cpu_set_t *cpus, int nth)
{
	int cpu = 0;

	while (!CPU_ISSET(cpu, cpus) || nth--)
		cpu++;
	run_on_cpu(cpu);
}
