"""Data loader, augmentation, training loop and runs that survive a kill."""
