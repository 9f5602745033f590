"""What a person or another system may ask for: one function each, and the queries."""
