"""The public log: entries, statements, Merkle tree, tiles, checkpoints, notes, proofs, witnesses."""
