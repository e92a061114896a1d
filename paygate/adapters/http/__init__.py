"""HTTP out, guarded: plugins reach the network through here and nowhere else."""
