"""One small set of drawn images in every layout that `prepare_data --own` takes."""

import json
from collections.abc import Callable
from pathlib import Path

import yaml

from app.imaging import render_png
from tests.support.drawn_sets import drawn

# Name, split and boxes (class, centre and size as fractions) of every image.
Row = tuple[int, float, float, float, float]
IMAGES: tuple[tuple[str, str, tuple[Row, ...]], ...] = (
    ("p00", "train", ((0, 0.5, 0.5, 0.25, 0.125),)),
    ("p01", "train", ((0, 0.25, 0.75, 0.25, 0.25), (0, 0.75, 0.25, 0.25, 0.25))),
    ("p02", "train", ()),
    ("p03", "val", ((0, 0.5, 0.25, 0.5, 0.25),)),
    ("p04", "val", ()),
)
SHAPE_HW = (96, 80)


def png(name: str) -> bytes:
    return render_png(drawn(700 + int(name[-2:]), SHAPE_HW))


def rows_of(boxes: tuple[Row, ...]) -> str:
    return "".join(f"{number} {cx} {cy} {w} {h}\n" for number, cx, cy, w, h in boxes)


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def describe(folder: Path, train: object, val: object, **more: object) -> Path:
    content = {"train": train, "val": val, "names": ["fracture"]} | more
    write(folder / "data.yaml", yaml.safe_dump(content, sort_keys=False))
    return folder


def put_all(folder: Path, image: str, label: str | None, keep_empty: bool = True) -> None:
    """Write images and labels at places with {split} and {name} in them."""
    for name, split, boxes in IMAGES:
        write(folder / image.format(split=split, name=name), png(name))
        if label and (boxes or keep_empty):
            write(folder / label.format(split=split, name=name), rows_of(boxes))


def roboflow(folder: Path) -> Path:
    put_all(folder, "{split}/images/{name}.png", "{split}/labels/{name}.txt")
    return describe(folder, "../train/images", "../val/images", nc=1)


def ultralytics(folder: Path) -> Path:
    put_all(folder, "images/{split}/{name}.png", "labels/{split}/{name}.txt")
    return describe(folder, "images/train", "images/val", path=".")


def without_empty_labels(folder: Path) -> Path:
    put_all(folder, "{split}/images/{name}.png", "{split}/labels/{name}.txt", keep_empty=False)
    return describe(folder, "train/images", "val/images")


def by_patient(folder: Path) -> Path:
    put_all(folder, "{split}/images/patient-{name}/{name}.png", "{split}/labels/patient-{name}/{name}.txt")
    return describe(folder, "train/images", "val/images")


def beside_images(folder: Path) -> Path:
    put_all(folder, "{split}/{name}.png", "{split}/{name}.txt")
    write(folder / "train" / "classes.txt", "fracture\n")
    return describe(folder, "train", "val")


def without_description(folder: Path) -> Path:
    put_all(folder, "{split}/{name}.png", "{split}/{name}.txt")
    write(folder / "classes.txt", "fracture\n")
    return folder


def several_folders(folder: Path) -> Path:
    put_all(folder, "{split}-{name}/images/{name}.png", "{split}-{name}/labels/{name}.txt")
    parts = {split: [f"{split}-{n}/images" for n, s, _ in IMAGES if s == split] for split in ("train", "val")}
    return describe(folder, parts["train"], parts["val"])


def text_lists(folder: Path) -> Path:
    put_all(folder, "all/images/{name}.png", "all/labels/{name}.txt")
    for split in ("train", "val"):
        lines = [f"./all/images/{name}.png" for name, its_split, _ in IMAGES if its_split == split]
        write(folder / f"{split}.txt", "\n".join(lines) + "\n")
    return describe(folder, "train.txt", "val.txt", path=".")


def path_is_own_folder(folder: Path) -> Path:
    put_all(folder, "{split}/images/{name}.png", "{split}/labels/{name}.txt")
    return describe(folder, "train/images", "val/images", path=folder.name)


def path_is_absolute(folder: Path) -> Path:
    put_all(folder, "{split}/images/{name}.png", "{split}/labels/{name}.txt")
    return describe(folder, "train/images", "val/images", path=str(folder.resolve()))


def path_of_another_machine(folder: Path) -> Path:
    put_all(folder, "{split}/images/{name}.png", "{split}/labels/{name}.txt")
    return describe(folder, "train/images", "val/images", path="/home/somewhere/else")


def byte_order_marks(folder: Path) -> Path:
    roboflow(folder)
    for path in [*folder.rglob("*.txt"), folder / "data.yaml"]:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b" \r\n").replace(b" 0", b"\t0"))
    return describe_again(folder)


def describe_again(folder: Path) -> Path:
    write(
        folder / "data.yaml",
        "\ufeff" + yaml.safe_dump({"train": "train/images", "val": "val/images", "names": ["fracture"]}),
    )
    return folder


def float_classes(folder: Path) -> Path:
    roboflow(folder)
    for path in folder.rglob("p*.txt"):
        path.write_text(path.read_text().replace("0 ", "0.0 ", 1))
    return folder


def quoted_names(folder: Path) -> Path:
    roboflow(folder)
    write(folder / "data.yaml", "train: train/images\nval: val/images\nnc: '1'\nnames:\n  '0': fracture\n")
    return folder


def clutter(folder: Path) -> Path:
    roboflow(folder)
    write(folder / "train" / "images" / "._p00.png", b"\x00\x05\x16\x07")
    write(folder / "train" / "images" / "Thumbs.db", b"clutter")
    write(folder / "train" / "images" / "p00.npy", b"clutter")
    write(folder / "train" / "labels" / "._p00.txt", b"\x00\x05\x16\x07")
    write(folder / "train" / "labels" / "classes.txt", "fracture\n")
    write(folder / "train" / "labels.cache", b"clutter")
    return folder


def repeated_rows(folder: Path) -> Path:
    roboflow(folder)
    for path in folder.rglob("p*.txt"):
        path.write_text(path.read_text() * 2)
    return folder


def pixel_boxes(boxes: tuple[Row, ...]) -> list[tuple[float, float, float, float]]:
    height, width = SHAPE_HW
    return [(width * (cx - w / 2), height * (cy - h / 2), width * w, height * h) for _, cx, cy, w, h in boxes]


def coco(folder: Path) -> Path:
    """As Roboflow exports it: one file beside the images of each split, with an empty super-category."""
    height, width = SHAPE_HW
    for split in ("train", "val"):
        chosen = [(name, boxes) for name, its_split, boxes in IMAGES if its_split == split]
        images = [{"id": n, "file_name": f"{name}.png", "width": width, "height": height}
                  for n, (name, _) in enumerate(chosen)]  # fmt: skip
        annotations = [
            {"id": 10 * n + m, "image_id": n, "category_id": 1, "bbox": list(box)}
            for n, (_, boxes) in enumerate(chosen)
            for m, box in enumerate(pixel_boxes(boxes))
        ]
        categories = [{"id": 0, "name": "bones"}, {"id": 1, "name": "fracture"}]
        content = {"images": images, "annotations": annotations, "categories": categories}
        write(folder / split / "_annotations.coco.json", json.dumps(content))
        for name, _ in chosen:
            write(folder / split / f"{name}.png", png(name))
    return folder


def coco_as_published(folder: Path) -> Path:
    """As COCO itself lies: annotations/instances_SPLIT.json and one images folder."""
    coco(folder / "source")
    for split in ("train", "val"):
        source = folder / "source" / split
        write(folder / "annotations" / f"instances_{split}.json", (source / "_annotations.coco.json").read_bytes())
        for path in source.glob("*.png"):
            write(folder / "images" / path.name, path.read_bytes())
    for path in [*(folder / "source").rglob("*.*")]:
        path.unlink()
    return folder


def voc_xml(boxes: tuple[Row, ...]) -> str:
    height, width = SHAPE_HW
    objects = "".join(
        f"<object><name>fracture</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + w}</xmax>"
        f"<ymax>{y + h}</ymax></bndbox></object>"
        for x, y, w, h in pixel_boxes(boxes)
    )
    return f"<annotation><size><width>{width}</width><height>{height}</height></size>{objects}</annotation>"


def voc(folder: Path) -> Path:
    """As PASCAL VOC 2012 lies: JPEGImages, Annotations, ImageSets/Main."""
    for name, split, boxes in IMAGES:
        write(folder / "JPEGImages" / f"{name}.png", png(name))
        write(folder / "Annotations" / f"{name}.xml", voc_xml(boxes))
        path = folder / "ImageSets" / "Main" / f"{split}.txt"
        write(path, (path.read_text() if path.exists() else "") + f"{name}\n")
    return folder


def voc_with_description(folder: Path) -> Path:
    put_all(folder, "{split}/images/{name}.png", None)
    for name, split, boxes in IMAGES:
        write(folder / split / "labels" / f"{name}.xml", voc_xml(boxes))
    return describe(folder, "train/images", "val/images")


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    one.__name__: one
    for one in (
        roboflow, ultralytics, without_empty_labels, by_patient, beside_images, without_description, several_folders,
        text_lists, path_is_own_folder, path_is_absolute, path_of_another_machine, byte_order_marks, float_classes,
        quoted_names, clutter, repeated_rows, coco, coco_as_published, voc, voc_with_description,
    )
}  # fmt: skip


GRAZ_NAMES = ["boneanomaly", "bonelesion", "foreignbody", "fracture", "metal", "periostealreaction", "pronatorsign",
              "softtissue", "text"]  # fmt: skip
GRAZ_POLICY = "fracture: wrist\ntext: drop\nmetal: finding\n"


def graz(folder: Path, patients: int = 6) -> Path:
    """GRAZPEDWRI-DX as published: two views of each patient, `text` on all, every third patient without a fracture."""
    table = ["filestem,patient_id,fracture_visible"]
    for number in range(2 * patients):
        patient = number // 2
        stem = f"{patient:04d}_{number:010d}_01_WRI-{'LR'[number % 2]}1_M{patient:03d}"
        write(folder / f"images_part{1 + number % 2}" / f"{stem}.png", render_png(drawn(300 + number, SHAPE_HW)))
        rows = "8 0.9 0.05 0.1 0.05\n" + ("3 0.5 0.5 0.25 0.25\n" if patient % 3 else "")
        rows += "4 0.2 0.8 0.1 0.1\n" if patient == 1 else ""
        write(folder / "folder_structure" / "yolov5" / "labels" / f"{stem}.txt", rows)
        table.append(f"{stem},{patient},{1 if patient % 3 else ''}")
    write(folder / "dataset.csv", "\n".join(table) + "\n")
    meta = {"train": "../train", "val": "../val", "nc": 9, "names": GRAZ_NAMES}
    write(folder / "folder_structure" / "yolov5" / "meta.yaml", yaml.safe_dump(meta))
    return folder
