"""PURE. How much phones may ask of the relay, and what one phone has open at Stripe."""
