"""Expressions compute what they say, and nothing but that."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mtl.expressions import Expression, ExpressionError, operation_names

X = np.array([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]], "float32")
Y = np.array([[2.0, 2.0, 2.0], [0.5, 0.5, 0.5]], "float32")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", X),
        ("abs(x)", np.abs(X)),
        ("abs(x) + abs(y)", np.abs(X) + np.abs(Y)),
        ("exp((x - y) / 10)", np.exp((X - Y) / 10)),
        ("x * y - 1", X * Y - 1),
        ("-x + +y", Y - X),
        ("2 ** y", 2**Y),
        ("x // y", X // Y),
        ("x % y", X % Y),
        ("x @ transpose(y)", X @ Y.T),
        ("x < y", X < Y),
        ("x <= 1.0", X <= 1),
        ("x > y", X > Y),
        ("x >= 5", X >= 5),
        ("x == 3.0", X == 3),
        ("x != y", X != Y),
        ("x[0]", X[0]),
        ("x[-1]", X[-1]),
        ("x[:, 1]", X[:, 1]),
        ("x[..., None]", X[..., None]),
        ("x[::-1, 1:]", X[::-1, 1:]),
        ("x[:, -2:]", X[:, -2:]),
        ("concatenate([x, y], axis=-1)", np.concatenate([X, Y], -1)),
        ("transpose(x, (1, 0))", X.T),
        ("sum(x, axis=1, keepdims=True)", X.sum(1, keepdims=True)),
        ("where(x > 0, x, 0.0)", np.where(X > 0, X, 0)),
        ("split(x, 3, axis=1)[1]", X[:, 1:2]),
        ("(1 + 2) * 3 ** 2 / 4", 27 / 4),
        ("cast(x, 'int32')", X.astype("int32")),
        ("  x\n  + y ", X + Y),
    ],
)
def test_the_value_is_numpys(text, expected):
    value = Expression.parse(text).evaluate({"x": X, "y": Y})
    np.testing.assert_allclose(keras.ops.convert_to_numpy(value), expected, rtol=1e-6)


def test_names_and_functions_are_listed_in_the_order_of_computing():
    expression = Expression.parse("f(b, g(a), scale=b * c[0])")
    assert expression.names == ("b", "a", "c")
    assert expression.functions == ("g", "f")
    assert not expression.is_name
    assert Expression.parse(" b ").is_name


def test_functions_that_are_handed_in_go_before_operations():
    called = Expression.parse("abs(x) + exp(x)").evaluate({"x": X}, {"abs": lambda x: x * 0})
    np.testing.assert_allclose(called, np.exp(X), rtol=1e-6)


def test_symbolic_tensors_make_a_model_that_saves(tmp_path):
    x, y = keras.Input((3,), name="x"), keras.Input((3,), name="y")
    text = "concatenate([abs(x), y[:, 1:] // 2, exp(-x @ transpose(array([[1.0, 0.0, 0.0]])))], 1)"
    model = keras.Model({"x": x, "y": y}, Expression.parse(text).evaluate({"x": x, "y": y}))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    expected = np.concatenate([np.abs(X), Y[:, 1:] // 2, np.exp(-X[:, :1])], 1)
    np.testing.assert_allclose(loaded({"x": X, "y": Y}), expected, rtol=1e-6)


def test_a_registered_function_is_called_by_its_bare_name():
    @keras.saving.register_keras_serializable("test_expressions")
    def thrice(x):
        return 3 * x

    try:
        np.testing.assert_allclose(Expression.parse("thrice(x)").evaluate({"x": X}), 3 * X)
        keras.saving.get_custom_objects()["other>thrice"] = thrice
        with pytest.raises(ExpressionError, match="two registered functions are called 'thrice'"):
            Expression.parse("thrice(x)").evaluate({"x": X})
    finally:
        keras.saving.get_custom_objects().pop("test_expressions>thrice")
        keras.saving.get_custom_objects().pop("other>thrice", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x.shape", "'x.shape' at character 1: a dot between names"),
        ("abs(ops.exp(x))", "'ops.exp' at character 5: a dot|a call of something"),
        ("__import__('os').system('ls')", "a call of something that is no name"),
        ("(lambda: 1)()", "a call of something that is no name"),
        ("f(lambda: 1)", "'lambda' may not stand here"),
        ("[x for x in y]", "a comprehension may not stand here"),
        ("x if y else z", "Write where"),
        ("x and y", "Write logical_and"),
        ("not x", "Write logical_not"),
        ("~x", "Write logical_not"),
        ("a < b < c", "a chain of comparisons"),
        ("a is b", "'a is b' at character 1: this may not stand here"),
        ("x << 2", "this may not stand here"),
        ("f(*x)", r"'\*' before an argument"),
        ("f(**x)", r"has '\*\*'"),
        ("{'a': x}", "Write keyword arguments"),
        ("f'{x}'", "an f-string"),
        ("(x := y)", "':='"),
        ("x[y]", "'y' at character 3 may not be a subscript"),
        ("x[True]", "may not be a subscript"),
        ("x[1.0]", "may not be a subscript"),
        ("x + 1j", "is no plain number"),
        ("f(b'x')", "is no plain number"),
        ("f(...)", "is no plain number"),
        ("'a' * 10", "''a'' at character 1 is no number|is no number"),
        ("[0] * 9", r"'\[0\]' at character 1 is no number"),
        ("x + True", "is no number"),
        ("10000000000000000000 + x", "is too large"),
        ("1e999 + x", "is too large"),
        ("x + * y", "at character 5: invalid syntax"),
        ("", "invalid syntax"),
        ("import os", "invalid syntax"),
        ("x = 1", "invalid syntax"),
        ("x; y", "invalid syntax"),
        ("x\0", "null bytes|cannot be read"),
        ("é + é.x", "'é.x' at character 5"),
        ("x" * 2001, "an expression of 2001 characters"),
        ("(" * 900 + "x" + ")" * 900, "cannot be read|too many nested|too many levels"),
        ("-" * 1500 + "x", "too many levels|cannot be read"),
        (3, "Expected text"),
    ],
)
def test_anything_else_is_refused_with_its_place(text, message):
    with pytest.raises(ExpressionError, match=message):
        Expression.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9 ** 9 ** 9", "no number below"),
        ("9 ** 60", "no number below"),
        ("9223372036854775807 * 9", "no number below"),
        ("1e300 ** 60", "no number below|cannot be computed"),
        ("(0 - 8) ** 0.5", "no number below"),
        ("1 / 0", "cannot be computed: division by zero"),
        ("2 @ 3", "cannot be computed"),
        ("split(x, 3, axis=1) * 100000", "is a list"),
        ("shape(x) + 1", "is several tensors"),
        ("x + z", "nothing is called 'z'. Known: x"),
        ("asb(x)", "no operation is called 'asb'. Did you mean 'abs'"),
        ("while_loop(x, x, x)", "no operation is called 'while_loop'"),
        ("eval(x)", "no operation is called 'eval'"),
        ("image(x)", "no operation is called 'image'"),
        ("__builtins__(x)", "no operation is called '__builtins__'"),
    ],
)
def test_what_cannot_be_computed_says_why(text, message):
    with pytest.raises(ExpressionError, match=message):
        Expression.parse(text).evaluate({"x": X})


def test_operations_take_no_python_functions():
    names = operation_names()
    assert {"abs", "einsum", "one_hot", "take", "matmul", "squeeze"} <= set(names)
    assert not {"map", "cond", "scan", "vectorize", "image", "jvp", "__name__"} & set(names)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("x + sum(arange(50000000))", "'arange(50000000)' at character 9 is a constant of 50,000,"),
        ("ones([200000, 200000])", "a constant of 40,000,000,000 numbers. Expected at most 10,000"),
        ("ones([100000, 1]) @ ones([1, 100000])", "a constant of 10,000,000,000 numbers"),
        ("ones([100000, 1]) + ones([1, 100000])", "a constant of 10,000,000,000 numbers"),
        ("kron(ones([10000]), ones([10000]))", "a constant of 100,000,000 numbers"),
        ("repeat(array([1]), [100000000])", "a constant of 100,000,000 numbers"),
        ("bincount(array([100000000]))", "a constant of 100,000,001 numbers"),
        ("nonzero(array([1, 0]))", "a constant whose size shows only once it is computed"),
        ("bartlett(100000000)", "a constant whose size shows only once it is computed"),
    ],
)
def test_a_constant_is_sized_before_it_is_computed(text, size):
    with pytest.raises(ExpressionError) as caught:
        Expression.parse(text).evaluate({"x": X})
    assert size in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(arange(10000000) > 9999997)", 2),
        ("repeat(array([1, 2]), [1, 2])", [1, 2, 2]),
        ("kron(array([1, 2]), array([1, 3]))", [1, 3, 2, 6]),
        ("reshape(arange(4), (2, -1))", [[0, 1], [2, 3]]),
        ("shape(ones([2, 3]))[1]", 3),
    ],
)
def test_a_constant_that_is_small_enough_is_computed(text, expected):
    value = Expression.parse(text).evaluate({})
    assert keras.ops.convert_to_numpy(value).tolist() == expected


def test_constants_have_no_limit_where_values_are_data():
    data = np.broadcast_to(np.float32(1), (10_000_001,))
    assert Expression.parse("x + 1").evaluate({"x": data}).shape == (10_000_001,)
    with pytest.raises(ExpressionError, match="a constant of 10,000,001 numbers"):
        Expression.parse("x + 1").evaluate({"x": keras.ops.convert_to_tensor(data)}, symbolic=True)


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        ("5", None),
        ("-1", None),
        (":5", None),
        ("::-1, 1:", None),
        ("None, 5", None),
        ("5, ...", None),
        ("..., 1, 0, 0", None),
        (":, 1", (None, 4)),
        ("..., 1", (None, 3)),
        ("None, :, 1", (1, None, 4)),
        ("...", (None, 3, 4)),
        (":", (None, 3, 4)),
        ("None", (1, None, 3, 4)),
        ("..., 1, 0", (None,)),
    ],
)
def test_the_batch_may_not_be_indexed(index, shape):
    x = keras.Input((3, 4), name="x")
    expression = Expression.parse(f"x[{index}]")
    if shape is None:
        with pytest.raises(ExpressionError) as caught:
            expression.evaluate({"x": x})
        words = "at character 1 indexes axis 0, which is the batch. Index the axes after it, such"
        assert words in str(caught.value)
    else:
        assert expression.evaluate({"x": x}).shape == shape


def test_an_index_takes_one_of_several_tensors_and_of_an_axis_that_is_no_batch():
    x = keras.Input((3,), name="x")
    assert Expression.parse("x[1]").evaluate({"x": [None, x]}) is x
    assert Expression.parse("transpose(x)[1]").evaluate({"x": x}).shape == (None,)
    assert Expression.parse("sum(x, axis=0)[1]").evaluate({"x": x}).shape == ()


def test_lists_of_lists_have_a_limit():
    values = {"x": X}
    expression = Expression.parse("f([x, x])")
    for _ in range(9):
        values["x"] = expression.evaluate(values, {"f": lambda entries: entries})
    with pytest.raises(ExpressionError, match=r"has 1024 values, .* Expected at most 1000"):
        expression.evaluate(values, {"f": lambda entries: entries})
