# SPDX-License-Identifier: GPL-2.0-only
"""What programs of several folders have in common. A folder whose programs import this has a
link to it, 'shared', as a program finds modules in its own folder."""
