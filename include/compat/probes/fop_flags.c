// SPDX-License-Identifier: GPL-2.0-only
/* Flags of file operations. */
#include <linux/fs.h>

#if defined(FORM_PRESENT)
const struct file_operations probe = { .fop_flags = FOP_UNSIGNED_OFFSET };
#elif defined(FORM_ABSENT)
char FOP_UNSIGNED_OFFSET;
char probe(struct file *file)
{
	return file->f_mode & FMODE_UNSIGNED_OFFSET;
}
#endif
