"""Stand-ins for what surrounds the cabinet: Stripe, the arcade board, the broker; and the demo of it all."""
