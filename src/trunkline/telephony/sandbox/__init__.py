"""Lines that need no carrier: numbers that behave as the table says, and far ends made of nothing but frames."""
