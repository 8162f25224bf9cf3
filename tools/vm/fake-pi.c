// SPDX-License-Identifier: GPL-2.0
// /proc/device-tree/system/linux,revision, where gpiozero looks for the Raspberry Pi's revision (a02082: a Pi 3B).
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static int show(struct seq_file *file, void *unused)
{
	__be32 revision = cpu_to_be32(0xa02082);

	seq_write(file, &revision, sizeof(revision));
	return 0;
}

static int __init fake_pi_init(void)
{
	struct proc_dir_entry *system = proc_mkdir("system", proc_mkdir("device-tree", NULL));

	return proc_create_single("linux,revision", 0444, system, show) ? 0 : -ENOMEM;
}

module_init(fake_pi_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A Raspberry Pi's revision, for tests");
