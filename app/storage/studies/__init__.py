"""Studies, their images and feedback: ciphertext only."""
