"""The small problems that strategies solve in every step: exact, in NumPy, in double precision.

Each takes an m × m matrix of inner products, m up to some dozens, of any scale, rank and
conditioning, with the rounding errors that single precision leaves in it.
"""
