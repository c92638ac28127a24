"""Find adapters by name, file or object; read their heads and requirements."""
