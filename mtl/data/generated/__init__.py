"""Tables made by seeded functions instead of read from files."""
