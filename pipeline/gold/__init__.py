"""Gold: one SQL file a table, and the engine that runs them. This file imports nothing."""
