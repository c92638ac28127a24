"""An adapter by its name, its file or its object: its head, and what it runs on."""
