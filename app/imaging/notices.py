"""Stable codes of what a reader should know about a decoded image; `Radiograph.warnings` carries them."""

NOT_A_RADIOGRAPH = "not-a-radiograph"
MAIN_IMAGE_ONLY = "main-image-only"
WINDOW_NOT_USED = "window-not-used"
OVERLAY_NOT_SHOWN = "overlay-not-shown"
PROPORTIONS_RESTORED = "proportions-restored"
