"""The public log: entries, statements, tree, tiles, checkpoints, notes, proofs, witnesses."""
