"""The operator's desk and the enquiry: reports taken by telephone, and what callers ask about them."""
