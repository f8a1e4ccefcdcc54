// SPDX-License-Identifier: GPL-2.0-only
/* What finds a free user address. */
#include <linux/sched.h>
#include <linux/sched/mm.h>

#if defined(FORM_BY_FILE)
unsigned long probe(struct file *file)
{
	return mm_get_unmapped_area(file, 0UL, PAGE_SIZE, 0UL, 0UL);
}
#elif defined(FORM_BY_MM)
unsigned long probe(struct file *file)
{
	return mm_get_unmapped_area(current->mm, file, 0UL, PAGE_SIZE, 0UL, 0UL);
}
#elif defined(FORM_METHOD)
char mm_get_unmapped_area;

unsigned long probe(struct file *file)
{
	return current->mm->get_unmapped_area(file, 0UL, PAGE_SIZE, 0UL, 0UL);
}
#endif
