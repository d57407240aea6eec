"""JSON as FORMAT.md wants it: no duplicate keys, no NaN or Infinity, errors with their position."""

import json

from octet.format.model import FormatError


def _pairs(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"key {key!r} stands twice in one object")
            seen.add(key)
    return result


def _refuse(token):
    raise ValueError(f"{token} is not a JSON number")


def parse(text, where):
    """Returns the value of `text` (str); raises FormatError at `where`."""
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse)
    except RecursionError:
        raise FormatError(where, "JSON nested too deep") from None
    except ValueError as error:
        raise FormatError(where, f"not the JSON it should be: {error}") from None


def render(value):
    """Compact text; floats in the shortest form that reads back to the same float64."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
