/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BAR of bigbar's PCI device, while another driver or no driver is bound to the device.
 */
#ifndef PCI_H
#define PCI_H

/* Must be called while bigbar is bound to the device. */
void find_pci_device(void);
/* Unbinds the driver of the device, and binds @driver unless it is NULL. */
void give_pci_device_to(const char *driver);
/* Opens the write-combining file of the BAR in sysfs, for mmap(). */
int open_sysfs_bar(void);
/* Opens the BAR by plain_bar, a module of the tests, which must be bound to the device. */
int open_plain_bar(void);
/* Opens the BAR by vfio-pci, which must be bound to the device. Sets the offset for mmap(). */
int open_vfio_bar(unsigned long *offset);
void close_vfio_bar(void);

#endif
