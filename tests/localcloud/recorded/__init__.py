"""Answers that others recorded from AWS, beside what localcloud answers in a comparable place."""
