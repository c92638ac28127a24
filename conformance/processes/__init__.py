"""The processes of a run: one for each adapter, watched, logged, and started again."""
