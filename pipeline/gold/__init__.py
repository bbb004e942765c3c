"""Gold: the SQL of its tables and the engines that run it. This file imports nothing."""
