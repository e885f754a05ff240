"""The description of a data set (YAML): where it is, and what is done to the images."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# within what float32 can hold
Finite = Annotated[float, Field(ge=-1e30, le=1e30, allow_inf_nan=False)]
Deviation = Annotated[float, Field(ge=1e-30, le=1e30, allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=1, le=4096)]
Offset = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]


class DatasetDescription(BaseModel):
    """The place of a data set, and the steps that prepare its images for a network, in this order.

    Attributes:
        file: the data, beside the description: a file or folder in any of the formats (evaluator.data.formats).
        labels: the file of the labels, where they are not in ``file``: .npy, or IDX under an unusual name.
        label: which of CIFAR-100's two labels: of the 100 classes (fine) or the 20 groups (coarse).
        layout: layout of stored images: channels last (HWC) or first (CHW).
        resize: height and width, pixels; bicubic, Pillow's own choice.
        channels: RGB as stored, or turned into BGR.
        scale: uint8 images to 0..1 (unit), or as 0..255 (raw).
        mean, std: subtracted, then divided by; one number, or one for each channel; on the scale above.
        label_offset: added to every label: 1 where class 0 of the network is a background.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    labels: str | None = None
    label: Literal["fine", "coarse"] = "fine"
    layout: Literal["HWC", "CHW"] = "HWC"
    resize: tuple[Pixels, Pixels] | None = None
    channels: Literal["RGB", "BGR"] = "RGB"
    scale: Literal["unit", "raw"] = "unit"
    mean: tuple[Finite, ...] = (0.0,)
    std: tuple[Deviation, ...] = (1.0,)
    label_offset: Offset = 0
