"""Commands that check, repair and trace. This file imports nothing."""
