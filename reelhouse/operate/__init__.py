"""Commands of the operator: check, repair and trace. This file imports nothing."""
