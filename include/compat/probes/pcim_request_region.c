// SPDX-License-Identifier: GPL-2.0-only
/* How the memory of a managed PCI device is requested. */
#include <linux/pci.h>

#if defined(FORM_EXPLICIT)
int probe(struct pci_dev *pdev)
{
	return pcim_request_region(pdev, 0, "");
}
#elif defined(FORM_IMPLICIT)
char pcim_request_region;

int probe(struct pci_dev *pdev)
{
	return pcim_enable_device(pdev) ?: pci_request_region(pdev, 0, "");
}
#endif
