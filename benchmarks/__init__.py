"""What the project promises of speed and memory, measured beside the common way of doing the same, in one run."""
