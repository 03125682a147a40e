"""Reading dates and times from strings with TensorFlow's own string operations.

What reads them so travels inside a saved model, which then takes the strings themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import tensorflow as tf

from mtl.errors import DataError
from mtl.layers.calendar import SECONDS_A_DAY, days_from_civil, days_in_month

PARTS = ("year", "month", "day", "hour", "minute", "second", "half", "zone")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ISO_IN_UTC = "%Y-%m-%dT%H:%M:%SZ"
_ZONE = r"Z|UTC|GMT|[+-]\d{2}:?\d{2}"
_ISO = (
    r"^\s*(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(" + _ZONE + r")?\s*$"
)
_DIRECTIVES = {
    "Y": ("year", r"\d{4}"),
    "y": ("year", r"\d{2}"),
    "m": ("month", r"\d{1,2}"),
    "b": ("month", r"[A-Za-z]{3,9}"),
    "B": ("month", r"[A-Za-z]{3,9}"),
    "d": ("day", r"\d{1,2}"),
    "H": ("hour", r"\d{1,2}"),
    "I": ("hour", r"\d{1,2}"),
    "M": ("minute", r"\d{1,2}"),
    "S": ("second", r"\d{1,2}"),
    "p": ("half", r"[AaPp][Mm]"),
    "z": ("zone", _ZONE),
    "f": (None, r"\d{1,9}"),
    "a": (None, r"[A-Za-z]+"),
    "A": (None, r"[A-Za-z]+"),
    "%": (None, "%"),
}
_COMPOSITES = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y"}


@dataclass(frozen=True)
class TimeFormat:
    """How a column spells its times.

    Attributes:
        expression: A regular expression (RE2) for the whole string.
        rewrite: Its groups in the order of `PARTS`, separated by commas, empty where absent.
        short_year: Whether years have two digits: 69 to 99 are 1969 to 1999, 00 to 68 are 20xx.
        month_names: Whether months are English names or their first three letters.
    """

    expression: str
    rewrite: str
    short_year: bool = False
    month_names: bool = False

    @classmethod
    def of(cls, text: str | None) -> TimeFormat:
        """Return the format that `strptime` would read from `text`.

        Args:
            text: Such as `%d/%m/%Y %H:%M`; None for ISO: `2016-02-24`, `2016-02-24 18:30`,
                `2016-02-24T18:30:05.25+01:00`.

        Raises:
            DataError: A directive that is not supported, one part twice, or no date in it.
        """
        if text is None:
            return cls(_ISO, r"\1,\2,\3,\4,\5,\6,,\7")
        for short, long in _COMPOSITES.items():
            text = text.replace(short, long)
        expression, order, letters = "", [], re.findall(r"%(.)", text)
        for token in re.findall(r"%.?|\s+|[^%\s]+", text):
            if token.isspace():
                expression += r"\s+"
            elif not token.startswith("%"):
                expression += re.escape(token)
            elif token[1:] not in _DIRECTIVES:
                known = " ".join(f"%{letter}" for letter in [*_DIRECTIVES, "F", "T", "R", "D"])
                raise DataError(f"{token!r} in the time format {text!r}. Expected one of: {known}.")
            else:
                part, pattern = _DIRECTIVES[token[1:]]
                expression += f"({pattern})" if part else f"(?:{pattern})"
                order += [part] if part else []
        for part in ("year", "month", "day"):
            if part not in order:
                raise DataError(f"The time format {text!r} has no {part}. Expected one.")
        if len(set(order)) < len(order):
            raise DataError(f"The time format {text!r} has a part twice. Expected each once.")
        groups = [rf"\{order.index(part) + 1}" if part in order else "" for part in PARTS]
        return cls(
            rf"^\s*{expression}\s*$",
            ",".join(groups),
            "y" in letters,
            bool({"b", "B"} & {*letters}),
        )


def parse_times(text: tf.Tensor, spelling: TimeFormat) -> tuple[tf.Tensor, tf.Tensor]:
    """Read times.

    Args:
        text: Strings, shape `(batch,)`.
        spelling: How they are spelt.

    Returns:
        Seconds since 1970-01-01 00:00 UTC as int64, and whether each string is a time; where it is
        not, the seconds mean nothing. A time without a zone is taken as UTC.
    """
    matched = tf.strings.regex_full_match(text, spelling.expression)
    rewritten = tf.strings.regex_replace(text, spelling.expression, spelling.rewrite)
    fields = tf.where(matched, rewritten, "," * (len(PARTS) - 1))
    columns = tf.strings.split(fields, ",").to_tensor("", shape=(None, len(PARTS)))
    part = dict(zip(PARTS, tf.unstack(columns, axis=1), strict=True))
    year, day = _number(part["year"]), _number(part["day"])
    if spelling.short_year:
        year += tf.where(year < 69, tf.constant(2000, tf.int64), tf.constant(1900, tf.int64))
    month = _month_by_name(part["month"]) if spelling.month_names else _number(part["month"])
    hour, valid_hour = _hour(_number(part["hour"]), part["half"])
    minute, second = _number(part["minute"]), _number(part["second"])
    offset = _offset(part["zone"])
    valid = matched & (month >= 1) & (month <= 12) & valid_hour & (minute < 60) & (second < 60)
    month = tf.where(valid, month, tf.ones_like(month))
    valid &= (day >= 1) & (day <= days_in_month(year, month))
    seconds = days_from_civil(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second
    return seconds - offset, valid


def _number(text: tf.Tensor) -> tf.Tensor:
    return tf.strings.to_number(tf.where(text == "", "0", text), tf.int64)


def _month_by_name(text: tf.Tensor) -> tf.Tensor:
    start = tf.strings.substr(tf.strings.lower(text), 0, 3)
    same = tf.cast(start[:, tf.newaxis] == tf.constant(MONTHS), tf.int64)
    return tf.reduce_sum(same * tf.range(1, 13, dtype=tf.int64), axis=1)


def _hour(hour: tf.Tensor, half: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return hours of the day, and whether they are valid: 12 AM is 0, 12 PM is 12."""
    half = tf.strings.lower(half)
    clock = half != ""
    valid = tf.where(clock, (hour >= 1) & (hour <= 12), hour < 24)
    return tf.where(clock, hour % 12 + 12 * tf.cast(half == "pm", tf.int64), hour), valid


def _offset(zone: tf.Tensor) -> tf.Tensor:
    """Return the seconds that a zone such as `+01:30` is ahead of UTC."""
    digits = tf.strings.regex_replace(zone, "[^0-9]", "")
    number = _number(digits)
    ahead = (number // 100) * 3600 + (number % 100) * 60
    return tf.where(tf.strings.substr(zone, 0, 1) == "-", -ahead, ahead)
