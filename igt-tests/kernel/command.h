/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that are written to debugfs files. */
#ifndef COMMAND_H
#define COMMAND_H

#include <linux/errno.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/* Takes what was written as a string: all of it, or none. Returns 0 or a negative errno. */
static inline int command_read(char *text, size_t size, const char __user *from, size_t len)
{
	if (len >= size)
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	return 0;
}

#endif
