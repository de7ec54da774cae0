"""YOLOv8 networks as training handles them: built, loaded and saved, averaged, grown, and joined."""

# The sides of what a YOLOv8 sees are multiples of it.
STRIDE = 32
