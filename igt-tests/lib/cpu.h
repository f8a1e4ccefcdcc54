/* SPDX-License-Identifier: MIT */
/* On which processors the calling thread runs. */
#ifndef CPU_H
#define CPU_H

#include <sched.h>

cpu_set_t cpus_allowed(void);
void run_on_cpus(const cpu_set_t *cpus);
void run_on_cpu(int cpu);
/* Counted from 0. */
void run_on_nth_cpu(const cpu_set_t *cpus, int nth);

#endif
