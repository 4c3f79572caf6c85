"""The command line: parse, call, report errors, set the exit code."""
