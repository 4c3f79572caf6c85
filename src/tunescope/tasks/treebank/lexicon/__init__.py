"""Words by semantic class, as plain data."""
