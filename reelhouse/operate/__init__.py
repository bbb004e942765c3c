"""What several commands that check and repair share. This file imports nothing."""
