"""The file formats of tables, one module each."""
