"""Grid worlds: maps with obstacles and a goal, shortest paths and walks, for many maps at once.

A map has cells `(row, column)`, free or obstacles, and one goal. A step goes to one of the eight
neighbours that is free and inside the map; nothing else blocks it, so corners may be cut. A
straight step costs 1 and a diagonal one √2. NumPy alone, and no loop over maps.

Source: Tamar et al. 2016, Value Iteration Networks, section 5.1.
"""
