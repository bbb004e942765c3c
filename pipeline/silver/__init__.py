"""Silver: one Bronze object to one typed row, or to the reasons why not. This file imports nothing."""
