"""Text to syntax tree: lines, blocks, repair."""
