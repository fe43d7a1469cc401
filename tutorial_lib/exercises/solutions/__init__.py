"""One right answer to each exercise: the text that `solution()` shows and a solved notebook runs."""
