"""What people and programs read, made from the records of a run and nothing else."""
