"""The input of a law: a batch, its exact answer, and the adapter that answers it."""
