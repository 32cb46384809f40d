"""One verb for each step of the road; the command line and notebooks call nothing else."""
