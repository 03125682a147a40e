"""Columns of images."""

import struct
import weakref

import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from mtl.data.columns import make_column
from mtl.data.preparation import Preparation, fit_preparation
from mtl.data.tables import read_table
from mtl.errors import ConfigError, DataError

GREY = np.arange(3 * 4 * 6, dtype=np.uint8).reshape(3, 4, 6)


def prepared(options, table, name="picture"):
    return fit_preparation(
        {name: {"kind": "image", **options}}, {"x": name}, table, targets={}, main_task="t"
    )


def table(images, name="picture"):
    return pl.DataFrame({name: pl.Series(name, images)})


def files(folder, images):
    paths = []
    for number, image in enumerate(images):
        path = folder / f"{number}.png"
        path.write_bytes(tf.io.encode_png(image).numpy())
        paths.append(path.name)
    return paths


COLOURS = np.stack([GREY[0] * 3, GREY[0] * 2, GREY[0]], axis=-1)


def bmp(pixels, palette=None, bits=None, compression=0):
    """Return a BMP file: pixels of shape (height, width) with a palette, else (…, 3)."""
    height, width = pixels.shape[:2]
    rows = [row[:, ::-1] if row.ndim > 1 else row for row in pixels[::-1]]
    data = b"".join(row.tobytes() + b"\0" * (-row.size % 4) for row in rows)
    colours = b"".join(bytes([blue, green, red, 0]) for red, green, blue in palette or ())
    start = 54 + len(colours)
    bits = bits or (24 if pixels.ndim > 2 else 8)
    head = struct.pack("<IHHI", start + len(data), 0, 0, start)
    sizes = (40, width, height, 1, bits, compression, len(data), 1, 1, len(colours) // 4, 0)
    return b"BM" + head + struct.pack("<IiiHHIIiiII", *sizes) + colours + data


def gif(width, height, colours, indices):
    """Return a GIF of up to 4 colours whose compressed pixels clear the table before each."""
    codes = [code for index in indices for code in (4, index)] + [5]
    bits = sum(code << (3 * place) for place, code in enumerate(codes))
    data = bits.to_bytes(-(-3 * len(codes) // 8), "little")
    palette = b"".join(bytes(colour) for colour in colours)
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0b10000001, 0, 0) + palette
    image = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0)
    return head + image + bytes([2, len(data)]) + data + b"\0;"


def test_arrays_stay_as_they_are_with_an_axis_of_channels():
    preparation = prepared({}, table(GREY))
    found = preparation.transform(table(GREY))["x"]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, GREY[..., np.newaxis])
    specification = preparation.specifications["x"]
    assert (specification.kind, specification.shape) == ("image", (4, 6, 1))
    assert specification.dtype == "uint8"


def test_images_are_resized_by_averaging_when_they_shrink():
    blocks = np.kron(np.array([[[10, 200], [60, 90]]]), np.ones((2, 2))).astype(np.uint8)
    found = prepared({"height": 2, "width": 2}, table(blocks)).transform(table(blocks))["x"]
    # Antialiasing looks beyond the block, so the values move towards each other, not further.
    assert found.shape == (1, 2, 2, 1)
    np.testing.assert_allclose(found[0, :, :, 0].mean(), 90, atol=1)
    assert 10 <= found[0, 0, 0, 0] < 60 < found[0, 0, 1, 0] <= 200
    flat = np.full((2, 8, 8, 3), 77, np.uint8)
    np.testing.assert_array_equal(
        prepared({"height": 3, "width": 5}, table(flat)).transform(table(flat))["x"], 77
    )


def test_channels_are_repeated_or_made_grey():
    colours = np.array([[[[255, 0, 0], [0, 255, 0]]]], dtype=np.uint8)
    grey = prepared({"channels": 1}, table(colours)).transform(table(colours))["x"]
    np.testing.assert_array_equal(grey.ravel(), [76, 150])
    three = prepared({"channels": 3}, table(GREY)).transform(table(GREY))["x"]
    np.testing.assert_array_equal(three, np.repeat(GREY[..., np.newaxis], 3, axis=-1))


def test_files_of_different_sizes_are_read_and_resized(tmp_path):
    images = [np.full((5 + n, 7, 3), 40 * n, np.uint8) for n in range(3)]
    paths = files(tmp_path, images)
    pl.DataFrame({"picture": paths}).write_csv(tmp_path / "table.csv")
    columns = {"picture": {"kind": "image", "height": 4, "width": 4}}
    read = read_table(tmp_path / "table.csv", columns_config=columns)
    assert read["picture"][0] == str(tmp_path / "0.png")
    found = prepared({"height": 4, "width": 4}, read).transform(read)["x"]
    assert found.shape == (3, 4, 4, 3)
    np.testing.assert_array_equal(found[:, 0, 0, 0], [0, 40, 80])


def of_files(folder, contents, **options):
    paths = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        paths.append(str(folder / name))
    column = make_column({"kind": "image", **options}, "p").resolved(pl.Series("p", paths))
    return column.raw(pl.Series("p", paths), "uint8")


@pytest.mark.parametrize("channels", [1, 3, None])
def test_every_format_gives_what_its_array_gives(tmp_path, channels):
    contents = {
        "a.png": tf.io.encode_png(COLOURS).numpy(),
        "a.bmp": bmp(COLOURS),
        "b.png": tf.io.encode_png(np.dstack([COLOURS, np.full((4, 6), 9, np.uint8)])).numpy(),
    }
    found = of_files(tmp_path, contents, channels=channels)
    array = table(COLOURS[np.newaxis], "p")["p"]
    expected = make_column({"kind": "image", "channels": channels}, "p").resolved(array)
    for image in found:
        np.testing.assert_array_equal(image, expected.raw(array, "uint8")[0])


@pytest.mark.parametrize("channels", [1, 3, None])
def test_grey_files_of_every_format(tmp_path, channels):
    contents = {
        "a.bmp": bmp(GREY[0], palette=[(level,) * 3 for level in range(256)]),
        "a.png": tf.io.encode_png(GREY[0][..., np.newaxis]).numpy(),
    }
    found = of_files(tmp_path, contents, channels=channels)
    expected = np.repeat(GREY[0][..., np.newaxis], channels or 1, axis=-1)
    np.testing.assert_array_equal(found, np.stack([expected, expected]))


def test_gifs_become_grey_too(tmp_path):
    content = gif(2, 1, [(255, 0, 0), (0, 255, 0), (0, 0, 0), (0, 0, 0)], [0, 1])
    np.testing.assert_array_equal(
        of_files(tmp_path, {"a.gif": content}, channels=1).ravel(), [76, 150]
    )
    np.testing.assert_array_equal(
        of_files(tmp_path, {"a.gif": content})[0, 0], [[255, 0, 0], [0, 255, 0]]
    )


def test_the_palette_of_a_bmp_file_counts(tmp_path):
    pixels = np.array([[0, 1, 2]], np.uint8)
    content = bmp(pixels, palette=[(10, 20, 30), (40, 50, 60), (7, 8, 9)])
    np.testing.assert_array_equal(
        of_files(tmp_path, {"a.bmp": content})[0, 0], [[10, 20, 30], [40, 50, 60], [7, 8, 9]]
    )
    inverted = bmp(pixels, palette=[(255 - level,) * 3 for level in range(256)])
    np.testing.assert_array_equal(of_files(tmp_path, {"b.bmp": inverted}).ravel(), [255, 254, 253])


def test_files_are_read_one_at_a_time(tmp_path, monkeypatch):
    """Photographs are large: those that are resized already must not be kept."""
    alive = []

    def read(path):
        image = np.zeros((8, 8, 3), np.uint8)
        alive.append(weakref.ref(image))
        assert sum(reference() is not None for reference in alive) <= 2
        return image

    monkeypatch.setattr("mtl.data.columns.image.read_image", read)
    column = make_column({"kind": "image", "height": 2, "width": 2, "channels": 3}, "p")
    assert column.raw(pl.Series("p", ["a"] * 9), "uint8").shape == (9, 2, 2, 3)


def test_the_size_of_the_first_file_counts_where_none_is_given(tmp_path):
    images = [np.zeros((5, 7, 1), np.uint8), np.zeros((9, 9, 1), np.uint8)]
    paths = [str(tmp_path / name) for name in files(tmp_path, images)]
    read = pl.DataFrame({"picture": paths})
    assert prepared({}, read).transform(read)["x"].shape == (2, 5, 7, 1)


def test_a_saved_model_reads_images_of_another_size(tmp_path):
    import keras

    preparation = prepared({}, table(GREY))
    preparation.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(
        np.asarray(loaded({"picture": GREY[..., np.newaxis]})["x"]), GREY[..., np.newaxis]
    )
    larger = np.full((1, 9, 11, 1), 5, np.uint8)
    resized = np.asarray(loaded({"picture": larger})["x"])
    np.testing.assert_array_equal(resized, np.full((1, 4, 6, 1), 5))
    again = Preparation.from_model(loaded)
    np.testing.assert_array_equal(again.transform(table(GREY))["x"], GREY[..., np.newaxis])


def test_whole_numbers_of_another_type_are_taken():
    np.testing.assert_array_equal(
        prepared({}, table(GREY.astype(np.int64))).transform(table(GREY.astype(np.int64)))["x"],
        GREY[..., np.newaxis],
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((2, 2, 2), 0.5), r"Row 1 of column 'picture' holds 0.5. Expected whole numbers"),
        (np.full((2, 2, 2), 300), r"holds 300.0. Expected whole numbers from 0 to 255"),
        (np.zeros((2, 2, 2, 4)), r"arrays of shape \(2, 2, 4\). Expected images"),
        (np.zeros((2, 5)), r"arrays of shape \(5,\). Expected images"),
    ],
)
def test_arrays_that_are_no_images(values, message):
    with pytest.raises(DataError, match=message):
        make_column({"kind": "image"}, "data.columns.picture").check(table(values)["picture"])


def test_files_that_are_none(tmp_path):
    column = make_column({"kind": "image", "height": 2, "width": 2, "channels": 1}, "p")
    with pytest.raises(
        DataError,
        match=r"Row 1 of column 'p' holds .*gone.png.*: there is no such file. Expected the path",
    ):
        column.check(pl.Series("p", [str(tmp_path / "gone.png")]))
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(DataError, match=r"Row 1 .*text.png.* it cannot be decoded"):
        column.raw(pl.Series("p", [str(tmp_path / "text.png")]), "uint8")
    (tmp_path / "packed.bmp").write_bytes(bmp(GREY[0], [(0, 0, 0)] * 256, compression=1))
    with pytest.raises(DataError, match=r"packed.bmp.*: it is a compressed BMP file"):
        column.raw(pl.Series("p", [str(tmp_path / "packed.bmp")]), "uint8")
    with pytest.raises(DataError, match=r"'~1.png': there is no such file"):
        column.check(pl.Series("p", ["~1.png"]))


@pytest.mark.parametrize("cell", [None, "", " "])
def test_a_cell_without_a_path_is_named_with_what_to_do(tmp_path, cell):
    (tmp_path / "text.png").write_text("no image")
    path = tmp_path / "pictures.jsonl"
    pl.DataFrame({"p": ["text.png", cell, cell]}).write_ndjson(path)
    options = {"kind": "image", "height": 2, "width": 2, "channels": 1}
    column, cells = make_column(options, "p"), read_table(path, columns_config={"p": options})["p"]
    for work in (column.check, lambda series: column.raw(series[1:], "uint8")):
        with pytest.raises(
            DataError, match=r"Row [12] of column 'p' is empty \(2 of [23] rows are"
        ):
            work(cells)


def test_a_missing_array_is_named():
    column = make_column({"kind": "image"}, "p")
    with pytest.raises(DataError, match=r"Row 2 .* array in every row"):
        column.check(pl.Series("p", [[[1, 2]], None], dtype=pl.Array(pl.UInt8, (1, 2))))


def test_wrong_options():
    with pytest.raises(ConfigError) as caught:
        make_column({"kind": "image", "height": 0, "width": 2.5, "channels": 4}, "p")
    paths = [problem.path for problem in caught.value.problems]
    assert paths == ["p.height", "p.width", "p.channels"]


def test_a_saved_preparation_reads_files_in_its_size(tmp_path):
    import keras

    paths = [str(tmp_path / name) for name in files(tmp_path, [np.full((5, 7, 3), 9, np.uint8)])]
    read = pl.DataFrame({"picture": paths})
    preparation = prepared({"height": 4, "width": 6}, read)
    preparation.model.save(tmp_path / "model.keras")
    again = Preparation.from_model(keras.models.load_model(tmp_path / "model.keras"))
    np.testing.assert_array_equal(again.transform(read)["x"], np.full((1, 4, 6, 3), 9))
