"""reelhouse"""
