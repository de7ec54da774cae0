"""Readers of the layouts in which annotated X-ray images are kept: YOLO, COCO JSON, Pascal VOC, GRAZPEDWRI-DX."""
