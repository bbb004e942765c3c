"""The commands of ``reelhouse``: each is the function ``command`` of the module of its name."""
