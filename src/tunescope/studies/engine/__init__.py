"""What every study runs on: plans of steps, and their execution in this process or on a cluster."""
