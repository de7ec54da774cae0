"""From labelled radiographs to weights and honest figures; never imported by the running application."""

from app.learning.datasets.dataset import REGIONS, Dataset, LabelledImage, read_dataset

__all__ = ["REGIONS", "Dataset", "LabelledImage", "read_dataset"]
