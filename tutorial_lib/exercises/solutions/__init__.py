"""One right answer to each exercise: what `solution()` shows and a solved notebook runs."""
