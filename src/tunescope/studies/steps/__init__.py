"""What the steps of studies do: each function writes one result into a folder."""
