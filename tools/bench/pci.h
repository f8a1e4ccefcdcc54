/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BAR of bigbar's PCI device, in the hands of other drivers or of none.
 */
#ifndef PCI_H
#define PCI_H

/* To be called while bigbar has the device. */
void find_pci_device(void);
/* Takes the device from its driver and gives it to @driver, or to none if NULL. */
void give_pci_device_to(const char *driver);
/* For mmap(): a write-combining file of the BAR in sysfs. */
int open_sysfs_bar(void);
/* The same by plain_bar, a module of the tests, which must have the device. */
int open_plain_bar(void);
/* The same by vfio-pci, which must have the device. Sets the offset for mmap(). */
int open_vfio_bar(unsigned long *offset);
void close_vfio_bar(void);

#endif
