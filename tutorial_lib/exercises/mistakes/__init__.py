"""Plausible wrong answers: what the known bugs of the exercises do."""
