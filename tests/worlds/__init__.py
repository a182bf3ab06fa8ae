"""Is it one verdict? Every program of every lab in several worlds, compared. `./fortnight test --worlds` runs this."""
