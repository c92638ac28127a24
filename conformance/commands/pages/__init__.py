"""Pages that are written from code: commands, specification, mutants."""
