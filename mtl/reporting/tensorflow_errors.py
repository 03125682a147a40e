"""TensorFlow's errors about files, said as the operating system's. Imports no TensorFlow."""

from __future__ import annotations

import errno
import os
from typing import Any

# Of `tf.errors.NOT_FOUND`, `PERMISSION_DENIED` and `RESOURCE_EXHAUSTED`.
NUMBERS = {5: errno.ENOENT, 7: errno.EACCES, 8: errno.ENOSPC}


def as_os_error(error: Any) -> OSError:
    """Return the operating system's error for a `tf.errors.OpError` of reading or writing."""
    number = NUMBERS.get(error.error_code)
    # TensorFlow's own words would name the temporary file.
    reason = os.strerror(number) if number else str(error.message).splitlines()[0]
    return OSError(number, reason)
