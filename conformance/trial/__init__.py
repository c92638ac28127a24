"""What a law is given: a batch, its exact answer, and the adapter that answers it."""
