"""The studies, one module each: what is put here with a ``STUDY`` is found."""
